from bench.table import Table


def test_columns_are_aligned_and_the_page_can_show_them() -> None:
    table = Table("Work", "In µs.", ["case", "ratio"], notes=["That is all."])
    table.add("whole answer", "1.5")
    table.add("burst", "12.25")
    assert table.text().splitlines() == [
        "### Work",
        "",
        "In µs.",
        "",
        "| case         | ratio |",
        "| :----------- | ----: |",
        "| whole answer |   1.5 |",
        "| burst        | 12.25 |",
        "",
        "That is all.",
    ]
