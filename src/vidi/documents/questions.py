"""The questions of a datasheet, after Gebru et al. 2021, arXiv:1803.09010v8, section 3: seven sections, shortened.

Each has a key where a run can say something to it, else an empty one.
"""

from collections.abc import Mapping

QUESTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Motivation": (
        ("", "For what purpose was the data set made? Which task or gap was in mind?"),
        ("", "Who made it, and on behalf of whom?"),
        ("", "Who paid for it?"),
    ),
    "Composition": (
        ("", "What do the instances represent (photos, people, documents, places)? Are there several kinds?"),
        ("count", "How many instances are there in total, and of each kind?"),
        (
            "",
            "Are these all possible instances or a sample of a larger set? Is it representative, and how is it known?",
        ),
        ("instance", "What data does each instance consist of?"),
        ("label", "Is there a label or target with each instance?"),
        ("missing", "Is any information missing from single instances, and why?"),
        ("relations", "Are relations between instances made explicit?"),
        ("splits", "Are there recommended splits, and what is the reason for them?"),
        ("errors", "Are there errors, sources of noise or redundancies?"),
        (
            "",
            "Is it self-contained, or does it rely on outside resources? Will those stay, and what restricts them?",
        ),
        ("", "Does it contain data that might be confidential?"),
        (
            "",
            "Does it contain data that might be offensive, insulting or threatening, or might cause anxiety?",
        ),
        (
            "people_groups",
            "Does it identify groups of people (by age, gender)? How, and how are they distributed?",
        ),
        ("", "Can persons be identified, directly or together with other data?"),
        (
            "",
            "Does it contain sensitive data (origin, belief, orientation, health, finances, biometrics, place)?",
        ),
    ),
    "Collection process": (
        (
            "",
            "How was each instance's data acquired: observed, reported or inferred? Was it checked, and how?",
        ),
        ("", "With which instruments or procedures was it collected, and how were those validated?"),
        ("", "If it is a sample, how was it drawn?"),
        ("", "Who collected it, and how were they paid?"),
        ("", "Over what time was it collected? Is that when the instances came to be?"),
        ("", "Was there an ethical review? With what outcome?"),
        ("", "Was it collected from the people themselves, or through others?"),
        ("", "Were these people told of it, and in what words?"),
        ("", "Did they consent to the collection and to this use, and in what words?"),
        ("", "Can they take their consent back, and how?"),
        ("", "Was the possible impact on them analysed, for example for data protection?"),
    ),
    "Preprocessing, cleaning, labelling": (
        ("preprocessed", "Was the data preprocessed, cleaned or labelled, and how?"),
        ("", "Was the raw data kept beside the result, and where?"),
        ("software", "Is the software that did it available?"),
    ),
    "Uses": (
        ("used", "Has the data set been used already, and for what?"),
        ("", "Is there a place that lists the papers or systems that use it?"),
        ("", "What other tasks could it be used for?"),
        (
            "impact",
            "Is there anything in its composition or making that might affect future uses, such as unfair treatment?",
        ),
        ("", "For which tasks should it not be used?"),
    ),
    "Distribution": (
        ("", "Will it be given to third parties?"),
        ("", "How will it be distributed? Has it a DOI?"),
        ("", "When will it be distributed?"),
        ("", "Under which licence or terms of use?"),
        ("", "Have third parties put restrictions on the data?"),
        ("", "Do export controls or other rules apply?"),
    ),
    "Maintenance": (
        ("", "Who supports, hosts and maintains it?"),
        ("", "How can the owner be reached?"),
        ("", "Is there an erratum?"),
        ("", "Will it be updated? How often, by whom, and how are users told?"),
        ("", "If it shows people, for how long may it be kept, and how is that enforced?"),
        ("", "Will older versions be kept?"),
        ("", "Can others add to it, and how are their contributions checked?"),
    ),
}
