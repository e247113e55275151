"""What is on disk: the cache of code generators, and whom it is trusted from; files of arrays."""

from .array_file import load as load
from .cache import FOR_THIS_PROCESS as FOR_THIS_PROCESS
from .cache import Cache as Cache
from .cache import CacheError as CacheError
from .cache import cache_key as cache_key
from .cache import open_cache as open_cache
from .cache import temporary_cache as temporary_cache
from .cache import warn_once as warn_once
from .entry import is_key as is_key
from .survey import Kept as Kept
from .survey import clear as clear
from .survey import survey as survey
from .zip_pickle import PersistentNdarrayID as PersistentNdarrayID
from .zip_pickle import PersistentNdarrayLoad as PersistentNdarrayLoad
from .zip_pickle import PersistentSharedVariableID as PersistentSharedVariableID
from .zip_pickle import StripPickler as StripPickler
from .zip_pickle import dump_zip as dump_zip
from .zip_pickle import load_zip as load_zip
