"""Audits of tables by others: Gender Shades as published, COMPAS, and a scikit-learn classifier on Adult.

    python benchmarks/known_tables.py --data DIR      DIR holds gender_shades/ and tabular_fairness/

Everything goes through `vidi.audit`, as a user would call it. COMPAS is judged as ProPublica did (Angwin et al. 2016;
Larson et al. 2016): high or medium (a decile of 5 or more) counts as predicted to offend again.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import report
import vidi

MEDIUM = 5  # the first decile that COMPAS calls medium
# Larson et al. 2016, "How We Analyzed the COMPAS Recidivism Algorithm": rates in percent of all 7,214 people.
PROPUBLICA = {
    "African-American": {"false positive rate": 44.85, "false negative rate": 27.99},
    "Caucasian": {"false positive rate": 23.45, "false negative rate": 47.72},
}
SOURCE = "Buolamwini & Gebru 2018, PMLR 81, table 4"


def table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def told(entry: Mapping[str, Any] | None) -> str:
    """A recorded number in percent with its interval."""
    if entry is None or entry["value"] is None:
        return ""
    return "{:.1f} [{:.1f}, {:.1f}]".format(*(100 * entry[key] for key in ("value", "low", "high")))


def find(content: Mapping[str, Any], name: str, of: str = "all") -> Mapping[str, Any] | None:
    return next((entry for entry in content["groups"] if entry["name"] == name and entry["of"] == of), None)


# Gender Shades


def published_rows(content: Mapping[str, Any], vendor: str) -> list[list[Any]]:
    """Skin, gender, n and error of each cell and each total of one vendor."""
    rows = []
    for name, value in content["error_percent"][vendor].items():
        skin = next((level for level in ("darker", "lighter") if level in name), "all")
        gender = next((level for level in ("female", "male") if name.split("_")[-1] == level), "all")
        error = "|".join(map(str, value)) if isinstance(value, list) else value
        rows.append([skin, gender, content["n"].get(name, ""), error])
    return rows


def gender_shades(file: Path, folder: Path) -> None:
    content = json.loads(file.read_text())
    rows, kept = [], {}
    for vendor in content["error_percent"]:
        path = table(
            folder / "published.csv", ("skin", "gender", "n", "error"), published_rows(content, vendor)
        )
        found = vidi.audit(path, counts="n", error="error", by=["skin", "gender"]).results
        kept[vendor] = {key: found[key] for key in ("sentences", "groups", "remarks")}
        worst = find(found, "worst(accuracy, skin, gender)") or {}
        rows.append(
            [
                vendor,
                f"{100 - 100 * worst['value']:.1f} ({worst['note']})",
                told(find(found, "gap(accuracy, gender)")),
                told(find(found, "gap(accuracy, skin)")),
                told(find(found, "gap(accuracy, skin, gender)")),
                found["sentences"][0],
            ]
        )
        report.log(f"{vendor}: {found['sentences'][0]}")
    report.write(
        "gender_shades",
        metric="errors of three vendors' gender classification in percent, and how far groups are apart in points "
        "[95 % interval]",
        n=content["n"]["all"],
        seeds=None,
        columns=(
            "vendor",
            "worst cell: error, %",
            "gap by gender",
            "gap by skin",
            "gap over the four cells",
            "what the totals say of the cells",
        ),
        rows=rows,
        data=f"{SOURCE}; the cells' n from the published shares of the 1,270 subjects",
        vendors=kept,
    )


# COMPAS


def compas(data: Path, folder: Path) -> None:
    defendants = people(data / "tabular_fairness" / "compas_two_years_noname.csv")
    path = table(
        folder / "compas.csv",
        ("again", "predicted", "decile", "race", "sex"),
        [
            (
                each["two_year_recid"],
                int(int(each["decile_score"]) >= MEDIUM),
                each["decile_score"],
                each["race"],
                each["sex"],
            )
            for each in defendants
        ],
    )
    options = {"truth": "again", "predicted": "predicted", "positive": "1"}
    found = vidi.audit(
        path, by=["race", "sex"], good="0", score="decile", thresholds=[MEDIUM, 3, 8], **options
    ).results
    at = found["outcomes"]["thresholds"][0]["groups"]
    rows = []
    for race in sorted({each["race"] for each in defendants}):
        of = f"race={race}"
        accuracy = find(found, "accuracy", of)
        if accuracy is None:
            continue
        lost = next(group for group in at if group["of"] == of)
        # Undeserved good outcomes are the people who offended again and were called low: false negatives.
        theirs = PROPUBLICA.get(race, {})
        rows.append(
            [
                race,
                f"{lost['n']:,}",
                told(lost["good_outcomes_lost"]),
                theirs.get("false positive rate"),
                told(lost["good_outcomes_undeserved"]),
                theirs.get("false negative rate"),
                told(find(found, "positive predictive value", of)),
                told(accuracy),
            ]
        )
    for said in found["outcomes"]["sentences"]:
        report.log(said)
    report.write(
        "compas",
        metric="rates in percent [95 % interval] of calling people likely to offend again, two years on",
        n=len(defendants),
        seeds=None,
        columns=(
            "race",
            "n",
            "called, and did not (false positives)",
            "ProPublica's figure",
            "not called, and did (false negatives)",
            "ProPublica's figure ",
            "of those called, did",
            "accuracy",
        ),
        rows=rows,
        data="COMPAS two-year recidivism, Broward County, ProPublica (public records, names removed)",
        sentences=[*found["sentences"], *found["outcomes"]["sentences"], *found["marginals"]["sentences"]],
        gaps=[entry for entry in found["groups"] if entry["name"].startswith("gap(")],
        power=found["power"],
    )


# Adult


def people(path: Path) -> list[dict[str, str]]:
    """The table's rows; texts without the spaces around them."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [{name: text.strip() for name, text in row.items()} for row in csv.DictReader(stream)]


def numbered(person: Mapping[str, str]) -> dict[str, Any]:
    """Amounts as numbers; names, which become columns of their own, as they are."""
    return {name: float(text) if text.lstrip("-").isdigit() else text for name, text in person.items()}


def adult(data: Path, folder: Path) -> None:
    """Another library's classifier, whose table of predictions is judged as it stands."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    train, test = (people(data / "tabular_fairness" / f"adult_{part}.csv") for part in ("train", "test"))
    truth = [[each.pop("income").rstrip(".") for each in part] for part in (train, test)]
    model = make_pipeline(DictVectorizer(), MaxAbsScaler(), LogisticRegression(max_iter=300))
    model.fit([numbered(each) for each in train], truth[0])
    probability = model.predict_proba([numbered(each) for each in test])
    predicted = model.classes_[probability.argmax(axis=1)]
    columns = (*test[0], "income", "predicted", *(f"p({name})" for name in model.classes_))
    lines = zip(test, truth[1], predicted, probability, strict=True)
    path = table(
        folder / "adult.csv",
        columns,
        ([*each.values(), true, said, *chances] for each, true, said, chances in lines),
    )
    found = vidi.audit(path, truth="income", predicted="predicted", by=["sex", "race"], slices=True).results
    rows = [
        [
            of,
            f"{entry['n']:,}",
            *(told(find(found, name, of)) for name in ("accuracy", "selection rate", "true positive rate")),
        ]
        for entry in found["groups"]
        if entry["name"] == "accuracy" and (of := entry["of"]).count("=") < 2
    ]
    report.write(
        "adult",
        metric="a logistic regression of scikit-learn: rates in percent [95 % interval] by group",
        n=len(test),
        seeds=None,
        columns=("group", "n", "accuracy", "called >50K", "of those who earn it, called"),
        rows=rows,
        data="Adult (Becker & Kohavi 1996, CC BY 4.0), its own training and test part",
        flagged=[entry["name"] for entry in found["slices"] if entry["flagged"]],
        slices_said=found["slices_said"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the folder with tabular_fairness/")
    parser.add_argument(
        "--gender-shades", type=Path, help="the published table (default: in DIR/gender_shades/)"
    )
    given = parser.parse_args()
    data = report.data_folder(given.data, "known_tables")
    with tempfile.TemporaryDirectory(prefix="vidi-bench-tables-") as folder:
        gender_shades(data / "gender_shades" / "gender_shades.json", Path(folder))
        compas(data, Path(folder))
        adult(data, Path(folder))


if __name__ == "__main__":
    main()
