"""What this machine has, what would be better, and the command for it; imported by who asks.

Layers add what they know by entry points of the group ``bitale.health``: a name, and a function
without arguments that gives findings.
"""

from .asking import doctor as doctor
from .finding import BETTER as BETTER
from .finding import BROKEN as BROKEN
from .finding import OK as OK
from .finding import Finding as Finding
from .finding import Report as Report
from .processors import processor_quota as processor_quota
from .processors import usable_processors as usable_processors
