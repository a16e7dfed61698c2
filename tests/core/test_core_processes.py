"""One process alone: nothing waits, everything is decided here. Several are tested with the verb."""

import pytest

from vidi.core import processes


def test_one_process_is_the_main_one_and_decides(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.delenv("RANK", raising=False)
    made = []
    assert processes.is_main() and not processes.several()
    assert processes.agreed(lambda: made.append(1) or "decided") == "decided" and made == [1]
    with processes.main_first():
        processes.wait()


def test_alone_takes_part_in_nothing_and_is_over_after_an_error(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("RANK", "2")
    assert processes.several() and not processes.is_main()
    with pytest.raises(ZeroDivisionError), processes.alone():
        assert not processes.several()
        assert processes.agreed(lambda: 5) == 5  # would wait for the others for ever
        with processes.main_first():
            processes.wait()
        raise ZeroDivisionError
    assert processes.several()
