"""Whose a file is, by the platform that composed its name. A platform is recognised by all names of a place together.

Only the outermost names say whose something is: what lies deeper was named by
the student, who may have chosen somebody else's name.

Folders are one of these:

- Gradescope: ``submission_NUMBER/…``, and beside them submission_metadata.yml,
  which says whose each is.
- Moodle: ``NAME_NUMBER_assignsubmission_file/…``.
- GitHub Classroom: ``SLUG-USER/…`` in a folder ``SLUG-submissions``.
- a folder for each student, ``NAME/…``.

Files are one of these, whichever fits most of them:

- Canvas: ``NAME_[LATE_]USER_FILE_…``, USER and FILE numbers; in an anonymous
  assignment ``[LATE_]anon_CODE_FILE_…``. No FILE occurs twice, and a USER has
  one NAME.
- Moodle: ``NAME_NUMBER_assignsubmission_file_…``.
- what stands before the exercise's name, ``NAME - EXERCISE.ipynb`` as Google
  Classroom calls its copies, ``NAME_EXERCISE.ipynb``.

Canvas and Moodle compose their names so in lib/content_zipper.rb and
mod/assign/classes/downloader.php, GitHub in gh-classroom's student-repos.go.
"""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

import yaml

from rnn2attn_grading.submissions.owners import Name, Owner, read_name, stem
from rnn2attn_grading.submissions.untrusted import UnreadableError

# Non-greedy: what a student named stands behind, and Canvas leaves no number
# between underscores in a name.
CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>[1-9]\d*)_((?P<file>[1-9]\d*)_.|(text|link)\.html$)"
    r"|(?P<late_too>LATE_)?(?P<anonymous>anon_[^_]+)_(?P<file_too>[1-9]\d*)_."
)
MOODLE = re.compile(r"(?P<name>.+?)(_(?P<user>\d+))?_assignsubmission_[a-z]+")
METADATA = "submission_metadata.yml"
# What lies beside submissions and is none.
INSTRUCTORS = re.compile(r"(README|LICENSE)\b.*|(?!.* - ).*\.(csv|tsv|xlsx|ya?ml)", re.IGNORECASE)
NOBODYS = "Whose it is cannot be told from its name."
ODD = "The other names here are composed in another way than this one: whose it is cannot be told."

Path = tuple[str, ...]  # the names of folders and of a file


class Place:
    """The names of all files in a folder or in an archive.

    Args:
        paths: of the files; one that ends with "" is an empty folder.
        exercises: the names that are known.
        metadata: reads the file at a path, if Gradescope wrote one.
        name: of the folder or archive.
        known: whether the roster has such a name.
        packed: whether it is an archive; a folder in it may be the class's.

    Raises:
        UnreadableError: whether a folder is a student or a class cannot be
            told; or Gradescope's file cannot be read.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        exercises: list[str],
        metadata: Callable[[Path], bytes] = lambda path: b"",
        name: str = "",
        known: Callable[[str], bool] = lambda name: False,
        packed: bool = False,
    ):
        self._slug, self._known, self._packed = _slug(name), known, packed
        self._said = functools.cache(lambda name: read_name(name, exercises))
        self._outer = self._around(paths)
        inner = [path[self._outer :] for path in paths if len(path) > self._outer]
        if all(map(self._is_exercise, _folders(inner))) and _folders(inner):  # a folder for each exercise
            self._outer += 1
            inner = [path[1:] for path in inner if len(path) > 1]
        self._gradescope = None
        for path in paths:
            if path[self._outer :] == (METADATA,):
                self._gradescope = gradescope(metadata(path))
        self._files = self._of_files(_files(inner))
        self._refuse_sections(inner)

    def owners(self, path: Path) -> list[Owner]:
        """Who handed in the file at a path: several are a group; nobody, if it is the instructor's own."""
        path = path[self._outer :] or path[-1:]
        if len(path) == 1:
            return self._files.get(path[0], [Owner("", doubt=NOBODYS)])
        name = path[0]
        if self._gradescope is not None:
            return self._gradescope.get(name, [Owner("", doubt=f"{METADATA} does not say whose {name} is.")])
        if found := MOODLE.fullmatch(name.removesuffix("_")):
            return [_of_moodle(found)]
        if self._is_repository(name):
            return [Owner(name.removeprefix(f"{self._slug}-"), platform="GitHub")]
        return [Owner(name)]

    def _of_files(self, names: set[str]) -> dict[str, list[Owner]]:
        """Whose the files outside of all folders are, as most of their names are composed."""
        canvas = _of_canvas(names)
        moodle = {name: _of_moodle(found) for name in names if (found := MOODLE.match(name))}
        plain = {name: Owner(_speaker(self._said(name))) for name in names - canvas.keys() - moodle.keys()}
        spoken = {name: one for name, one in plain.items() if one.student and self._said(name).exercise}
        most = max(canvas, moodle, spoken, key=len)
        sure = 2 * len(most) > len(canvas) + len(moodle) + len(spoken)
        found = {}
        for name in names:
            if self._known(_speaker(self._said(name))):
                found[name] = [Owner(_speaker(self._said(name)))]
            elif sure and name in most:
                found[name] = [most[name]]
            elif name not in plain or name in spoken:
                found[name] = [Owner("", doubt=ODD)]
            elif INSTRUCTORS.fullmatch(name) and not self._said(name).exercise:
                found[name] = []
            elif canvas or moodle or not plain[name].student:
                found[name] = [Owner("", doubt=NOBODYS)]
            else:
                found[name] = [plain[name]]
        return found

    def _around(self, paths: Sequence[Path]) -> int:
        """How many folders lie around the class, one in the other, as there are where a folder was packed."""
        level = 0
        while True:
            here = [path[level:] for path in paths]
            tops, files = _folders(here), _files(here)
            if len(tops) != 1 or METADATA in files or any(self._said(name).exercise for name in files):
                return level
            (top,) = tops
            if MOODLE.match(top) or self._is_repository(top) or self._known(top):
                return level
            if not self._is_class(top, [path[1:] for path in here if len(path) > 1]):
                return level
            self._slug = _slug(top) or self._slug
            level += 1

    def _is_class(self, top: str, inner: Sequence[Path]) -> bool:
        """Whether what lies in a folder, which is the only one, was handed in by several, or by one of its name."""
        folders, files = _folders(inner), _files(inner)
        said = [self._said(name) for name in files]
        if METADATA in files or any(map(self._known, [*folders, *map(_speaker, said)])):
            return True
        if (slug := _slug(top)) and any(name.startswith(f"{slug}-") for name in folders):
            return True
        composed = {one.student for one in _of_canvas(files).values()}
        composed |= {found["name"] for name in files | folders if (found := MOODLE.match(name))}
        spoken = {one.before for one in said if one.before and one.exercise}
        if len(composed) > 1 or len(spoken) > 1:
            return True
        if composed or any(f"{name} - " in file for name in spoken for file in files):
            raise UnreadableError(_doubt(top, files | folders))
        if len(folders) == 1 and not any(one.exercise for one in said):
            return self._is_class(*folders, [path[1:] for path in inner if len(path) > 1])
        students = {name for name in folders if not self._is_exercise(name)}
        within = {(path[0], self._what(path[-1])) for path in inner if path[0] in students and path[-1]}
        holders = {name for name, _ in within}
        same = len({what for _, what in within}) < len(within)  # two folders have the same
        direct = any(one.exercise for one in said)
        if same and not direct:
            return True
        archives = {name for name in files if name.lower().endswith(".zip")}
        named = [one.exercise for one in said if one.exercise]
        if self._packed and len(named) > len(set(named)):  # as Drive numbers what several call the same
            raise UnreadableError(_doubt(top, files))
        deep = defaultdict(set)
        for path in inner:
            if self._said(path[-1]).exercise:
                deep[self._said(path[-1]).exercise].add(path[:-1])
        if same or (not direct and (len(holders) > 1 or len(archives) > 1 or any(len(d) > 1 for d in deep.values()))):
            raise UnreadableError(_doubt(top, holders or archives or folders))
        return False

    def _refuse_sections(self, inner: Sequence[Path]) -> None:
        """Stop where each folder seems to hold several students, and would become one."""
        plain = {n for n in _folders(inner) if not (MOODLE.match(n) or self._is_repository(n) or self._known(n))}
        if self._gradescope is not None or len(plain) < 2:
            return
        within = defaultdict(set)
        for path in inner:
            if self._said(path[-1]).exercise and len(path) > 1:
                within[path[0], self._said(path[-1]).exercise].add(path[1] if len(path) > 2 else "")
        several = {name for (name, _), where in within.items() if len(where) > 1 and "" not in where}
        same = Counter((folder, what) for (_, what), where in within.items() for folder in where)
        if several == plain and max(same.values()) == 1:  # what many have is a template's
            top = min(plain)
            raise UnreadableError(_doubt(top, {path[1] for path in inner if path[0] == top and len(path) > 2}))

    def _is_repository(self, name: str) -> bool:
        return bool(self._slug) and name.startswith(f"{self._slug}-")

    def _is_exercise(self, name: str) -> bool:
        return bool(self._said(name).exercise and not self._said(name).before)

    def _what(self, name: str) -> str:
        """What the name of a file stands for: its exercise, or all of it."""
        return self._said(name).exercise or stem(name).casefold()


def _slug(name: str) -> str:
    """The name of an assignment of GitHub Classroom's, from that of the folder with its repositories; or ""."""
    return name.removesuffix("-submissions") if name.endswith("-submissions") else ""


def _folders(paths: Iterable[Path]) -> set[str]:
    return {path[0] for path in paths if len(path) > 1}


def _files(paths: Iterable[Path]) -> set[str]:
    return {path[0] for path in paths if len(path) == 1}


def _speaker(said: Name) -> str:
    """Who stands in the name of a file; where it names no exercise, before the dash of Google Classroom."""
    return said.before if said.exercise else said.before.partition(" - ")[0]


def _doubt(top: str, inner: Iterable[str]) -> str:
    names = ", ".join(sorted(inner)[:3])
    return (
        f"Is “{top}” one student, or are these several: {names}? The names do not say it. "
        "Pass a folder in which each folder is a student, or a --roster that has their names."
    )


def _of_canvas(names: Iterable[str]) -> dict[str, Owner]:
    """Whose these files are, where Canvas composed their names.

    A file that shares its number with another, or its user's with another name,
    is left out; where these are as many as the rest, Canvas wrote none.
    """
    found, unsure, same = {}, set(), defaultdict(set)
    for name in names:
        if not (match := CANVAS.match(name)):
            continue
        number = int(match["file"] or match["file_too"] or 0)
        late = bool(match["late"] or match["late_too"])
        student = match["anonymous"] or f"{match['name']}_{match['user']}"
        found[name] = Owner(student, match["user"] or "", late, number, "Canvas")
        same["file", number or name].add(name)
        same["user", match["user"] or student].add(name)
        if re.match(
            r"[1-9]\d*_", name[match.end() - 1 :]
        ):  # one more number: the name's end, or the file's beginning
            unsure.add(name)
    odd = set()
    for (kind, _), who in same.items():
        if len({found[name].student for name in who}) > 1 or (kind == "file" and len(who) > 1):
            odd |= who & unsure or who
    return {name: one for name, one in found.items() if name not in odd} if 2 * len(odd) < len(found) else {}


def _of_moodle(found: re.Match) -> Owner:
    user = found["user"] or ""
    return Owner(f"{found['name']}_{user}" if user else found["name"], user, platform="Moodle")


class _Loader(yaml.SafeLoader):
    """Of Gradescope's file, which names classes of Ruby that mean nothing here."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: None)


def gradescope(data: bytes) -> dict[str, list[Owner]]:
    """Whose each folder is, as submission_metadata.yml says it; a group has several.

    Two people of one name, of whom neither has a number of the school's, are
    told apart by their addresses.

    Raises:
        UnreadableError: it is no such file.
    """
    try:
        folders = yaml.load(data, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableError(f"{METADATA} is not as Gradescope writes it: {error}") from None
    if not isinstance(folders, dict):
        raise UnreadableError(f"{METADATA} is not as Gradescope writes it: it has no list of submissions by name.")
    found = {str(name): _submitters(str(name), about) for name, about in folders.items()}
    addresses = defaultdict(set)
    for one in (one for several in found.values() for one in several):
        addresses[one.student].add(one.email)
    repeated = {student for student, several in addresses.items() if len(several) > 1}
    return {name: [_told_apart(one, repeated) for one in several] for name, several in found.items()}


def _told_apart(one: Owner, repeated: set[str]) -> Owner:
    return replace(one, student=f"{one.student}_{one.email}") if one.student in repeated and one.email else one


def _submitters(name: str, about: object) -> list[Owner]:
    """Who handed in a submission; nobody known, where Gradescope names nobody."""
    said = about.get(":submitters") if isinstance(about, dict) else None
    people = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    handed = about.get(":created_at") or "" if people else ""
    time = handed.isoformat() if isinstance(handed, date | datetime) else str(handed)
    found = []
    for one in people:
        called, number, email = (str(one.get(f":{key}") or "") for key in ("name", "sid", "email"))
        student = "_".join(filter(None, (called, number))) or email
        found.append(Owner(student, number, platform="Gradescope", email=email, time=time))
    return [one for one in found if one.student] or [Owner("", doubt=f"{METADATA} does not say whose {name} is.")]
