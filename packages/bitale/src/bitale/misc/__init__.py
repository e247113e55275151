"""What belongs nowhere else."""

from . import pkl_utils as pkl_utils
