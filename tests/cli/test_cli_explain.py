"""`vidi explain` as a person types it: what is written, what is kept with the run, what is refused."""

import json
import shutil

import pytest
from command import refused, vidi

from vidi.core.run_folder import RunFolder
from vidi.verbs import believed


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    """A small convolutional network, trained for a moment."""
    import vidi

    out = tmp_path_factory.mktemp("seen")
    return vidi.train(pictures, recipe="scratch", network="lenet", epochs=6.0, out=out).folder


@pytest.fixture
def own(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


@pytest.mark.slow
def test_pictures_a_page_and_verdicts_that_stay_with_the_run(own, pictures, tmp_path, monkeypatch):
    images = sorted((pictures / "red").glob("0*.png"))[:2]
    shutil.copy(images[0], tmp_path / "<b>&.png")
    words = ["explain", own, tmp_path / "<b>&.png", images[1], "--method", "grad_cam,gradient"]
    seen = vidi(*words)
    (folder,) = (own / "explanations").iterdir()
    assert seen.code == 0 and str(folder) in seen.out and "grad_cam" in seen.out, seen
    assert len(list((folder / "pictures").glob("*.png"))) == 2
    page = (folder / "explanations.html").read_text()
    assert "<b>&.png" not in page and "&lt;b&gt;&amp;.png" in page and "data:image/jpeg" in page
    assert "http" not in page.replace("http-equiv", "")
    kept = json.loads((own / "explanations.json").read_text())
    assert kept["schema"] == "vidi/explanations/1" and set(kept["methods"]) == {"grad_cam", "gradient"}
    assert all(entry["images"] >= 6 and entry["checks"] for entry in kept["methods"].values())
    assert RunFolder(own).changed() == {} and RunFolder(own).read("explanations.json", "explanations")

    def again(*given, **options):
        raise AssertionError("checked a second time")

    monkeypatch.setattr(believed, "judge", again)
    content = json.loads(vidi(*words, "--json", "--out", tmp_path / "out").out)
    assert [entry["method"] for entry in content["verdicts"]] == ["grad_cam", "gradient"]
    assert content["verdicts"][0]["reason"] == kept["methods"]["grad_cam"]["reason"]
    assert vidi(*words, "--out", tmp_path / "out").code == 0  # its own earlier folder may be written again


@pytest.mark.slow
def test_verdicts_of_other_weights_or_changed_by_hand_are_not_believed(own, pictures, monkeypatch):
    monkeypatch.setattr(believed, "SECONDS", 0.0)  # nothing is checked unless it is named
    monkeypatch.setattr(believed, "ALL_SECONDS", 0.0)
    image = next((pictures / "red").glob("0*.png"))
    assert "--method gradient does it" in vidi("explain", own, image).out
    kept = json.loads((own / "explanations.json").read_text())
    for entry in kept["methods"].values():
        entry |= {"verdict": "stands", "checked": True, "reason": "trust me"}
    (own / "explanations.json").write_text(json.dumps(kept))
    assert "trust me" not in vidi("explain", own, image).out
    assert RunFolder(own).changed() == {}


@pytest.mark.slow
def test_an_attack_on_what_was_held_out_and_on_a_photo(own, pictures, tmp_path):
    seen = vidi("explain", own, "--attack", "fgsm", "--epsilon", "8/255", "--most", 4, "--json")
    content = json.loads(seen.out)
    assert content["truth_known"] and content["measured"][0]["name"] == "accuracy"
    assert content["measured"][-1]["name"] == "robust accuracy" and content["measured"][-1]["n"] == 4
    assert seen.code == (0 if content["believable"] else 3) and len(content["rules"]) == 4
    image = next((pictures / "red").glob("0*.png"))
    out = tmp_path / "attacked"
    told = vidi("explain", own, image, "--attack", "fgsm", "--epsilon", "8/255", "--out", out)
    assert "answers that stay" in told.out and (out / "attack.html").exists()
    assert len(list((out / "pictures").glob("*-attacked.png"))) == 1


def test_wrong_use_is_one_sentence(run, pictures, tmp_path):
    image = next((pictures / "red").glob("0*.png"))
    assert "wants images" in refused("explain", run)
    assert "--epsilon belongs to --attack" in refused("explain", run, image, "--epsilon", "1/255")
    assert "--layer belongs to maps" in refused("explain", run, image, "--attack", "pgd", "--layer", "x")
    assert "did you mean red" in refused("explain", run, image, "--label", "redd", "--method", "gradient")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert "holds other files" in refused(
        "explain", run, image, "--method", "gradient", "--out", tmp_path / "full"
    )
    assert "does not exist" in refused("explain", tmp_path / "nowhere", image)
