"""What a search will be like, told before it begins: its space, its constraints, its trials, and how many."""

from keras_nas.outlook.account import Outlook
from keras_nas.outlook.ahead import Ahead, Conditions, look_ahead
from keras_nas.outlook.machine import memory_notes, take_gauge

__all__ = ["Ahead", "Conditions", "Outlook", "look_ahead", "memory_notes", "take_gauge"]
