"""Lists of values of one type in expressions, in Theano's shape."""

from .functions import append as append
from .functions import count as count
from .functions import extend as extend
from .functions import getitem as getitem
from .functions import index_ as index_
from .functions import insert as insert
from .functions import length as length
from .functions import make_list as make_list
from .functions import remove as remove
from .functions import reverse as reverse
from .list_type import TypedListType as TypedListType
from .making import Append as Append
from .making import Extend as Extend
from .making import Insert as Insert
from .making import MakeList as MakeList
from .making import Remove as Remove
from .making import Reverse as Reverse
from .reading import Count as Count
from .reading import GetItem as GetItem
from .reading import GetSlice as GetSlice
from .reading import Index as Index
from .reading import Length as Length
from .variable import TypedListConstant as TypedListConstant
from .variable import TypedListSharedVariable as TypedListSharedVariable
from .variable import TypedListVariable as TypedListVariable
