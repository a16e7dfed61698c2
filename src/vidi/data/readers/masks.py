"""Images and class maps: a file for each image whose pixels are numbers or colours of classes."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from vidi.core.annotations import Annotation, Category, Scheme
from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.annotated import folder_split, listing
from vidi.data.class_lists import ClassList, class_list
from vidi.data.listing import Remarks, glance, walk
from vidi.data.mask_facts import MaskFacts, are_masks, facts, hold_objects, sampled
from vidi.data.mask_pairs import named_for_masks, paired, usable
from vidi.data.pairing import pairs_of

CARD = Card(
    title="Image and mask folders",
    idea="A mask of each image's name holds each pixel's class: as its value, as a palette's place, or as a colour. "
    "A list beside them (classes.txt, labelmap.txt, class_dict.csv, a YAML file) names the classes.",
    differs="Classes called void, ignore or unlabelled count for nothing, and so do numbers not in the list.",
)

WANTED = "images and masks of the same names were wanted"
MOST_CLASSES = 255
IGNORED_VALUE = 255


def recognise(root: Path) -> float:
    """0.91 for image and mask folders whose numbers are classes; 0.87 if these may as well be objects."""
    if not root.is_dir() or not may_hold_masks(root):
        return 0.0
    remarks = Remarks()
    walked = walk(root, remarks)
    try:
        pairs = pairs_of(walked.images)
    except UsageError:
        return 0.87
    if not pairs.one or len(pairs.one) < 0.3 * len(walked.images):
        return 0.0
    sample = sampled(root, list(pairs.one.values()))
    if not are_masks(sample):
        return 0.0
    if class_list(root, walked.others, remarks) is not None:
        return 0.91
    return {False: 0.91, None: 0.87, True: 0.2}[hold_objects(sample)]


def may_hold_masks(root: Path) -> bool:
    """A first look, without walking all of it: a folder named for masks, or images in two folders at least."""
    seen = glance(root, depth=5)
    return seen.images > 1 or named_for_masks(seen)


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image with a mask that can be read; the others are remarked by name and reason."""
    there = paired(root, wanted=WANTED, part=options.part, many=False)
    walked, remarks = there.walked, there.remarks
    image_of = {mask: image for image, mask in there.pairs.one.items()}
    found = {image_of[file]: each for file, each in usable(facts(root, list(image_of)), remarks).items()}
    if not found:
        raise UsageError(
            f"{WANTED}; none of the {len(image_of):,} masks in {root} can be read{remarks.first()}"
        )
    colour = any(each.told == "colour" for each in found.values())
    named = class_list(root, walked.others, remarks)
    scheme = scheme_of(found, named, colour, remarks)
    there.remark_left()
    labels = {category.number: category.name for category in scheme.categories}
    drawn, targets = {}, {}
    for image, each in found.items():
        own = [number * 0x10101 if colour and each.told == "grey" else number for number in each.numbers]
        drawn[image] = Annotation(mask=each.file, size=each.size, content=each.sha256)
        targets[image] = "|".join(sorted(labels[number] for number in own if number in labels))
    for image, told in targets.items():
        if not told:
            remarks.add(
                "mask", found[image].file, "none of its pixels has a class: nothing is learned from it"
            )
    splits = {image: folder_split(image) or folder_split(each.file) for image, each in found.items()}
    used = {named.file} if named else set()
    return listing(
        root, "masks", walked, used, drawn, scheme, remarks, options, splits=splits, targets=targets
    )


def counted_numbers(found: Mapping[str, MaskFacts], *, colour: bool) -> Counter[int]:
    """In how many masks each number is."""
    return Counter(
        number * 0x10101 if colour and each.told == "grey" else number
        for each in found.values()
        for number in each.numbers
    )


def where(found: Mapping[str, MaskFacts], number: int, *, colour: bool) -> str:
    """Which masks hold a number, and how much of them it is."""
    pixels = {each.file: pixels_of(each, number, colour=colour) for each in found.values()}
    files = [file for file, count in pixels.items() if count]
    whole = sum(each.size[0] * each.size[1] for each in found.values() if pixels[each.file])
    more = ", …" if len(files) > 3 else ""
    return f" ({', '.join(files[:3])}{more}: {sum(pixels.values()) / max(whole, 1):.2%} of their pixels)"


def pixels_of(each: MaskFacts, number: int, *, colour: bool) -> int:
    """How many pixels of a mask have a number; grey ones among colours are colours too."""
    grey = colour and each.told == "grey"
    return sum(
        count for own, count in (each.pixels or {}).items() if (own * 0x10101 if grey else own) == number
    )


def scheme_of(
    found: Mapping[str, MaskFacts], named: ClassList | None, colour: bool, remarks: Remarks
) -> Scheme:
    """The classes by the list, else by what the masks hold; raises UsageError for too many of them."""
    numbers = counted_numbers(found, colour=colour)
    if named is not None and named.colour == colour:
        ignored = dict(named.ignored)
        for number in sorted(set(numbers) - set(named.names) - set(ignored)):
            shown = f"#{number:06x}" if colour else str(number)
            void = not colour and number == IGNORED_VALUE
            what = "taken as not labelled" if void else "not in it, and counts for nothing"
            said = f"{numbers[number]:,} masks have it{where(found, number, colour=colour)}; it is {what}"
            remarks.add("mask", f"{named.file}: {shown}", said)
            ignored[number] = ""
        names = dict(named.names)
    else:
        if named is not None:
            kinds = ("colours", "numbers") if named.colour else ("numbers", "colours")
            remarks.add("layout", named.file, f"lists {kinds[0]}, and the masks hold {kinds[1]}; not used")
        names, ignored = guessed(numbers, colour, remarks)
    if len(names) > MOST_CLASSES:
        raise UsageError(
            f"up to {MOST_CLASSES} classes are told apart in masks; these hold {len(names):,} numbers: if each "
            "is an object, say --layout instances; if they are photos or JPEGs, they are no masks"
        )
    categories = tuple(Category(name, number) for number, name in sorted(names.items()))
    more = {"ignored": {str(number): name for number, name in sorted(ignored.items())}} if ignored else {}
    return Scheme(
        categories, ("segmentation",), "colour" if colour else "index", tuple(sorted(ignored)), more=more
    )


def guessed(numbers: Counter[int], colour: bool, remarks: Remarks) -> tuple[dict[int, str], dict[int, str]]:
    """Names for what nothing names: two are background and foreground; 255 beside small ones counts for nothing."""
    there = sorted(numbers)
    if len(there) == 2 and there[0] == 0:
        return {0: "background", there[1]: "foreground"}, {}
    remarks.add("layout", ".", "no list of classes is beside the masks; they are called by their numbers")
    if colour:
        return {number: f"#{number:06x}" for number in there}, {}
    ignored = {IGNORED_VALUE: ""} if there[-1] == IGNORED_VALUE and len(there) > 2 and there[-2] < 200 else {}
    if ignored:
        remarks.add("mask", "255", f"{numbers[255]:,} masks have it; it is taken as not labelled")
    return {number: str(number) for number in there if number not in ignored}, ignored
