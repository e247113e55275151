"""Lists of values of one type, in expressions."""

from bitale_graph.typed_list import Append as Append
from bitale_graph.typed_list import Count as Count
from bitale_graph.typed_list import Extend as Extend
from bitale_graph.typed_list import GetItem as GetItem
from bitale_graph.typed_list import GetSlice as GetSlice
from bitale_graph.typed_list import Index as Index
from bitale_graph.typed_list import Insert as Insert
from bitale_graph.typed_list import Length as Length
from bitale_graph.typed_list import MakeList as MakeList
from bitale_graph.typed_list import Remove as Remove
from bitale_graph.typed_list import Reverse as Reverse
from bitale_graph.typed_list import TypedListConstant as TypedListConstant
from bitale_graph.typed_list import TypedListSharedVariable as TypedListSharedVariable
from bitale_graph.typed_list import TypedListType as TypedListType
from bitale_graph.typed_list import TypedListVariable as TypedListVariable
from bitale_graph.typed_list import append as append
from bitale_graph.typed_list import count as count
from bitale_graph.typed_list import extend as extend
from bitale_graph.typed_list import getitem as getitem
from bitale_graph.typed_list import index_ as index_
from bitale_graph.typed_list import insert as insert
from bitale_graph.typed_list import length as length
from bitale_graph.typed_list import make_list as make_list
from bitale_graph.typed_list import remove as remove
from bitale_graph.typed_list import reverse as reverse
