"""What is settled before a search begins: its arguments, its goal, what is known and refused beforehand."""
