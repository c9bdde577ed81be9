"""A table made of columns, and how numbers are printed."""

from report.tables.table import Column, format_number, format_signed, make_table


def test_numbers_print_true_minus_signs_and_no_negative_zero():
    assert (
        format_number(-0.5),
        format_number(None),
        format_signed(0.5),
        format_signed(-0.0001),
    ) == (*("−0.500", "–", "+0.500", "+0.000"),)


def test_an_optional_column_without_a_value_is_left_out():
    columns = [Column("", "a", ("x",)), Column("g", "b", ("–",), True), Column("g", "c", ("–",))]
    table = make_table("t", columns, 1)
    assert table.head == ("a", "c")
    assert table.groups == (("", 1), ("g", 1))
