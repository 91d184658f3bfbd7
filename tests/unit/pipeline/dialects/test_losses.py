from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.parts import Audio, Media, OpaquePart


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


def test_a_part_is_told_by_its_name() -> None:
    losses = Losses()
    losses.drop_part(OpaquePart({}, "web_search_call"))
    losses.drop_part(Audio(Media(data="")))
    assert losses.told == ("dropped web_search_call", "dropped audio")
