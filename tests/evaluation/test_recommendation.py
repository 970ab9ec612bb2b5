"""The recommendation, on made-up numbers: limits, black boxes, what is chosen first, and nothing where nothing fits."""

import pytest

from fastperturb.evaluation.study import Aims, Row, Rows, recommend, strongest


def protection(name, rank1, recall, *, reversible=True, parrot=None, psnr=20.0):
    """Rows of one protection: rank-1 (value, high) of the naive attacker and the parrot, recall (value, low)."""
    known = (name, "black" if name == "black" else "family", 1.0, name, reversible)
    parrot = rank1 if parrot is None else parrot
    return [
        Row(*known, "rank1", "naive/net", "direct", rank1[0], 0.0, rank1[1], 100, 0, ""),
        Row(*known, "rank1", "parrot/net", "direct", parrot[0], 0.0, parrot[1], 100, 0, ""),
        Row(*known, "recall", "eye", "direct", recall[0] / 2, recall[1] / 2, 1.0, 100, 0, ""),
        Row(*known, "recall", "eye", "view", recall[0], recall[1], 1.0, 100, 0, ""),
        Row(*known, "psnr_face", "", "direct", psnr, None, None, 100, 0, ""),
    ]


BLACK = protection("black", (0.02, 0.05), (0.0, 0.0), reversible=False, parrot=(0.3, 0.4))
CLEAR = protection("clear", (1.0, 1.0), (1.0, 1.0), reversible=False)


def advise(*protections, aims=Aims()):  # noqa: B008
    rows = [row for rows in (CLEAR, *protections, BLACK) for row in rows]
    return {item.aim: item for item in recommend(Rows(rows), aims)}


UNKNOWN, TRAINED_FOUND = "unknown recogniser, still detectable", "attacker trains on protected images, still detectable"
SHELF = "recogniser off the shelf that does not adapt, still detectable"
TRAINED, EVERYTHING = "attacker trains on protected images", "reversible, hide everything"


def test_the_most_found_of_what_hides():
    answers = advise(
        protection("weak", (0.5, 0.6), (1.0, 1.0)),
        protection("middle", (0.05, 0.09), (0.97, 0.93), parrot=(0.6, 0.7)),
        protection("strong", (0.01, 0.04), (0.95, 0.91), parrot=(0.3, 0.35)),
    )
    assert answers[UNKNOWN].chosen.protection == "middle"
    assert answers[UNKNOWN].chosen.detector == "eye, view"
    assert [choice.protection for choice in answers[UNKNOWN].others] == ["strong"]
    assert answers[TRAINED_FOUND].chosen.protection == "strong"  # up to what black boxes give away
    (standing,) = answers[TRAINED_FOUND].chosen.standings
    assert (standing.recogniser, standing.attacker, standing.hidden) == ("net", "parrot, direct", True)
    assert (standing.rank1, standing.black) == ((0.3, 0.0, 0.35), (0.3, 0.0, 0.4))
    assert answers[EVERYTHING].chosen.protection == "strong"


def test_wide_intervals_over_few_people_hide_nobody():
    few = protection("few", (0.8, 1.0), (1.0, 1.0))
    black = protection("black", (0.3, 1.0), (0.0, 0.0), reversible=False)
    rows = Rows([*CLEAR, *few, *black])
    assert [item.chosen for item in recommend(rows)] == [None] * 5
    assert recommend(Rows([*CLEAR, *protection("as black", (0.3, 1.0), (1.0, 1.0)), *black]))[0].chosen is not None


def test_an_interval_that_reaches_over_the_limit_is_not_hidden():
    near = protection("near", (0.05, 0.11), (1.0, 1.0))
    assert advise(near)[UNKNOWN].chosen is None
    assert advise(near, aims=Aims(rank1=0.12))[UNKNOWN].chosen.protection == "near"


def test_a_low_end_of_recall_under_the_limit_is_not_found():
    lost = protection("lost", (0.01, 0.02), (0.95, 0.85))
    assert advise(lost)[UNKNOWN].chosen is None
    assert advise(lost, aims=Aims(recall=0.8))[UNKNOWN].chosen.protection == "lost"


def test_where_nothing_fits_the_nearest_is_named():
    answers = advise(
        protection("seen", (0.6, 0.7), (1.0, 1.0)),
        protection("seen too", (0.4, 0.5), (1.0, 0.95)),
        protection("unseen", (0.2, 0.3), (0.1, 0.0)),
    )
    assert answers[UNKNOWN].chosen is None
    assert [choice.protection for choice in answers[UNKNOWN].others] == ["seen too", "seen", "unseen"]
    assert answers[TRAINED].chosen.protection == "unseen"


def test_what_cannot_be_undone_is_not_reversible():
    answers = advise(protection("blur", (0.0, 0.02), (1.0, 1.0), reversible=False))
    assert answers[TRAINED].chosen.protection == "blur"
    assert EVERYTHING not in answers  # nothing reversible took part


def test_whoever_failed_on_a_protection_does_not_count_as_not_recognising():
    rows = [row for rows in (CLEAR, protection("odd", (0.0, 0.02), (1.0, 1.0)), BLACK) for row in rows]
    for name in ("clear", "black"):  # a second recogniser, which failed on "odd"
        rows.append(Row(name, name, 1.0, name, False, "rank1", "naive/values", "direct", 0.9, 0.8, 1.0, 100, 0, ""))
    answers = {item.aim: item for item in recommend(Rows(rows))}
    assert answers[UNKNOWN].chosen is None
    assert [choice.protection for choice in answers[UNKNOWN].others] == ["odd"]


def test_neither_clear_nor_black_is_ever_chosen():
    assert advise() == {}


def test_strongest_reads_all_attackers_or_some():
    rows = Rows(protection("one", (0.1, 0.2), (1.0, 1.0), parrot=(0.5, 0.6)))
    assert strongest(rows, "one").value == 0.5
    assert strongest(rows, "one", ("naive",)).value == 0.1
    assert strongest(rows, "one", recognisers=["other"]) is None


def test_each_recogniser_has_a_black_box_of_its_own():
    def answer(faces):
        rows = [
            *with_faces(protection("one", (0.02, 0.05), (0.0, 0.0), parrot=(0.3, 0.4)), "one", faces),
            *with_faces(BLACK, "black", (0.02, 0.2)),
        ]
        return recommend(Rows(rows))[-1]

    assert answer((0.02, 0.2)).chosen.protection == "one"
    assert answer((0.02, 0.1)).chosen.protection == "one"
    for faces in ((0.12, 0.2), (0.02, 0.21)):  # under what the network gets out of black boxes, over eigenfaces' own
        none = answer(faces)
        assert none.aim == EVERYTHING
        assert none.chosen is None
        (nearest,) = none.others
        assert nearest.rank1 == (0.3, 0.0, 0.4)
        assert [item.recogniser for item in nearest.standings if not item.hidden] == ["eigenfaces"]
        assert dict(none.alone) == {"net": "one", "eigenfaces": None}
    assert "that recogniser gets out of black boxes" in none.conditions


def with_faces(rows, name, rank1):
    """Beside a network the naive attacker has eigenfaces, which were fitted on the people themselves."""
    known = (name, "black" if name == "black" else "family", 1.0, name, True)
    return [*rows, Row(*known, "rank1", "naive/eigenfaces", "direct", rank1[0], 0.0, rank1[1], 100, 0, "")]


def test_a_recogniser_off_the_shelf_knows_nobody_and_does_not_adapt():
    rows = Rows(
        [
            *with_faces(protection("one", (0.05, 0.09), (1.0, 1.0), parrot=(0.9, 1.0)), "one", (0.9, 1.0)),
            *with_faces(BLACK, "black", (0.02, 0.05)),
        ]
    )
    shelf, unknown, *_ = recommend(rows, fitted=["eigenfaces"])
    assert shelf.aim == SHELF
    assert shelf.chosen.protection == "one"  # whatever the parrot and eigenfaces see
    assert shelf.alone == ()
    assert "not fitted on these people" in shelf.conditions
    assert unknown.chosen is None
    assert recommend(rows)[0].chosen is None  # if they came trained too
    assert recommend(rows, fitted=["net", "eigenfaces"])[0].aim == UNKNOWN  # nobody to ask


def rate(name, actor, value, low, high, measure="rank1"):
    """A row of a protection that is named as its family."""
    return Row(name, name, 1.0, name, True, measure, actor, "direct", value, low, high, 100, 0, "")


def answers_to(rows):
    return {item.aim: item for item in recommend(Rows(rows))}


def test_a_detector_of_few_images_does_not_hide_another_that_finds():
    rows = [rate("one", "naive/net", 0.03, 0.0, 0.06), rate("one", "eye", 0.98, 0.95, 1.0, "recall")]
    few = rate("one", "slow", 1.0, 0.7, 1.0, "recall")  # ten images, all found
    for given in (rows, [*rows, few], [few, *rows]):
        chosen = answers_to(given)[SHELF].chosen
        assert chosen.protection == "one"
        assert (chosen.detector, chosen.recall) == ("eye, direct", (0.98, 0.95, 1.0))


def test_of_what_is_not_found_the_largest_lower_end_is_told():
    rows = [rate("one", "naive/net", 0.03, 0.0, 0.06), rate("one", "eye", 0.9, 0.85, 0.95, "recall")]
    (nearest,) = answers_to([*rows, rate("one", "slow", 1.0, 0.7, 1.0, "recall")])[SHELF].others
    assert (nearest.detector, nearest.recall) == ("eye, direct", (0.9, 0.85, 0.95))
    without = rate("one", "eye", 1.0, None, None, "recall")  # no resampling, no interval
    assert answers_to([rows[0], without])[SHELF].chosen is None


def test_every_attacker_must_keep_the_limit_not_only_the_strongest():
    rows = [
        rate("one", "naive/net", 0.061, 0.03, 0.095),
        rate("one", "parrot/net", 0.06, 0.0, 0.16),
        rate("one", "eye", 0.98, 0.95, 1.0, "recall"),
        rate("black", "naive/net", 0.02, 0.0, 0.05),
        rate("black", "parrot/net", 0.02, 0.0, 0.05),
    ]
    answers = answers_to(rows)
    assert answers[UNKNOWN].chosen.protection == "one"  # the parrot is not asked
    assert answers[TRAINED].chosen is None
    (nearest,) = answers[TRAINED].others
    assert (nearest.attacker, nearest.rank1[0]) == ("naive/net, direct", 0.061)  # who names most
    (standing,) = nearest.standings
    assert (standing.attacker, standing.rank1, standing.hidden) == ("parrot, direct", (0.06, 0.0, 0.16), False)
    assert standing.black == (0.02, 0.0, 0.05)
    assert "every attacker who took part (naive and parrot)" in answers[TRAINED].conditions


def test_black_boxes_give_away_what_their_attackers_get_at_most():
    rows = [
        rate("one", "naive/net", 0.3, 0.1, 0.4),
        rate("one", "parrot/net", 0.2, 0.1, 0.45),
        rate("black", "naive/net", 0.3, 0.2, 0.4),
        rate("black", "parrot/net", 0.25, 0.1, 0.45),
    ]
    (standing,) = answers_to(rows)[TRAINED].chosen.standings
    assert (standing.attacker, standing.rank1) == ("parrot, direct", (0.2, 0.1, 0.45))
    assert standing.black == (0.3, 0.2, 0.45)
    more = rate("one", "parrot/net", 0.2, 0.1, 0.46)
    assert answers_to([rows[0], more, *rows[2:]])[TRAINED].chosen is None


def broken(restored):
    """Two protections and black boxes; the restorer names "one" 0.3 and failed on "two", whatever the others get."""
    rows = [rate(name, "restorer/net", value, value - 0.02, value + 0.02) for name, value in restored.items()]
    for name, naive in (("one", 0.03), ("two", 0.02), ("black", 0.03)):
        rows += [rate(name, "naive/net", naive, 0.0, 0.07), rate(name, "eye", 0.98, 0.95, 1.0, "recall")]
    return answers_to([rate("clear", "naive/net", 1.0, 0.9, 1.0), *rows])


def test_an_attacker_who_failed_on_a_protection_did_not_find_it_to_hide():
    answers = broken({"one": 0.3, "black": 0.03})
    for aim in (TRAINED_FOUND, TRAINED, EVERYTHING):
        assert answers[aim].chosen is None
        assert [(choice.protection, choice.failed) for choice in answers[aim].others] == [
            ("one", ()),
            ("two", ("restorer/net",)),  # not the nearest: nobody knows what the restorer would have got
        ]
    assert answers[UNKNOWN].chosen.protection == "two"  # he is not asked
    assert broken({"one": 0.3, "two": 0.04, "black": 0.03})[TRAINED].chosen.protection == "two"
    undefined = rate("two", "restorer/net", None, None, None)
    rows = [rate("one", "restorer/net", 0.3, 0.2, 0.4), rate("two", "naive/net", 0.0, 0.0, 0.03), undefined]
    assert answers_to(rows)[TRAINED].chosen is None


def test_without_an_attacker_who_learns_nothing_is_said_of_one():
    rows = [rate("one", "naive/net", 0.03, 0.0, 0.06), rate("one", "eye", 0.98, 0.95, 1.0, "recall")]
    assert list(answers_to(rows)) == [SHELF, UNKNOWN]
    assert TRAINED in answers_to([*rows, rate("one", "restorer/net", 0.03, 0.0, 0.06)])


@pytest.mark.parametrize("value", [-0.1, 1.1, "0.5", True])
def test_bad_aims(value):
    with pytest.raises(ValueError, match=r"aims\.rank1 must be 0 to 1"):
        Aims(rank1=value)
