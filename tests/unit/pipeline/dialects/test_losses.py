from llm_proxy.pipeline.dialects.losses import Losses


def test_nothing_is_told_where_nothing_was_lost() -> None:
    assert () == Losses().told


def test_each_loss_is_told_once_and_in_order() -> None:
    losses = Losses()
    losses.drop("seed")
    losses.change("temperature", "1")
    losses.drop("seed")
    losses.drop("logit_bias")
    losses.change("temperature", "1")
    expected = ("dropped seed", "changed temperature: 1", "dropped logit_bias")
    assert expected == losses.told
