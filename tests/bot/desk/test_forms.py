from bot import desk


def test_form_is_asked_for_what_needs_more_than_a_press() -> None:
    assert set(desk.forms([("shipping", "Shipping")])) == {"note", "assign", "resolve"}
