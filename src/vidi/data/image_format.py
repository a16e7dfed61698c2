"""What an image file is, told by its first bytes; and what its suffix promises."""

SUFFIX_FORMAT = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
}
IMAGE_SUFFIXES = frozenset(SUFFIX_FORMAT)

CONVERT = "not read here; convert it to JPEG or PNG"
FOREIGN = {
    "HEIF or AVIF image": CONVERT,
    "JPEG 2000 image": CONVERT,
    "JPEG XL image": CONVERT,
    "Photoshop file": CONVERT,
    "PDF": "not an image; export its pages as PNG",
    "zip archive": "not an image; unpack it",
    "gzip archive": "not an image; unpack it",
    "video": "not an image; take frames from it",
    "web page or SVG": "not an image of pixels; was the download refused?",
    "text": "not an image; a list of names, or a download that went wrong?",
}


def format_of(content: bytes) -> str | None:
    """The name of the format `content` starts like (a key of FOREIGN if not read here); None if of none known."""
    head = content[:64]
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return "HEIF or AVIF image" if head[8:12] in _HEIF else "video"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return "web page or SVG"
    if _is_text(content[:1024]):
        return "text"
    return "BMP" if head.startswith(b"BM") else None


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # else a character cut in two at the end
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter.isspace() for letter in text)


_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "JPEG 2000 image"),
    (b"\xff\x0a", "JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "JPEG XL image"),
    (b"8BPS", "Photoshop file"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "zip archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"\x1a\x45\xdf\xa3", "video"),
)
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
