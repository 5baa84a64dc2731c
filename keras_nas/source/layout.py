"""Statements that are too long for one line, an entry a line."""

import ast

WIDTH = 119
"""Columns of a line at most."""
INDENT = "    "


def broken(line: str) -> str:
    """A statement, on several lines where it does not fit on one.

    Args:
        line: An assignment or a `return`, indented; anything else stays as it is.

    Example:
        >>> print(broken("    x = layers.Add()([" + ", ".join(["branch"] * 20) + "])")[:60])
            x = layers.Add()(
                [
                    branch,
    """
    code = line.lstrip()
    pad = line[: len(line) - len(code)]
    _, _, expression = code.partition(" " if code.startswith("return ") else " = ")
    if len(line) <= WIDTH or not expression or code.startswith(("#", "for ", "def ")):
        return line
    before = code[: len(code) - len(expression)]
    node = ast.parse(expression, mode="eval").body
    return f"{pad}{before}{_Breaker(expression).broken(node, pad, len(pad + before))}"


class _Breaker:
    """Breaks the parts of one expression.

    Args:
        code: The expression.
    """

    def __init__(self, code: str) -> None:
        self.code = code

    def plain(self, node: ast.expr) -> str:
        """A part as it stands in the expression."""
        return ast.get_source_segment(self.code, node) or ""

    def broken(self, node: ast.expr, pad: str, column: int) -> str:
        """A part that begins in a column, an entry a line where it does not fit."""
        plain, inner = self.plain(node), pad + INDENT
        if column + len(plain) + 1 <= WIDTH or not isinstance(node, ast.Call | ast.List | ast.Tuple | ast.Dict):
            return plain
        if isinstance(node, ast.Call):
            function = self.plain(node.func)
            if isinstance(node.func, ast.Call) and (node.func.args or node.func.keywords):
                return self.broken(node.func, pad, WIDTH) + plain[len(function) :]
            entries = [("", entry) for entry in node.args] + [(f"{k.arg}=", k.value) for k in node.keywords]
            left, right = f"{function}(", ")"
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            entries, left, right = [(f"{self.plain(key)}: ", value) for key, value in pairs if key], "{", "}"
        else:
            entries, (left, right) = [("", entry) for entry in node.elts], "()" if plain.startswith("(") else "[]"
        lines = [f"{inner}{name}{self.broken(entry, inner, len(inner + name))}," for name, entry in entries]
        return "\n".join([left, *lines, f"{pad}{right}"])
