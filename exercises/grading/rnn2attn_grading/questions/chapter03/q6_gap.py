"""3.6: what a gap shows."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A decoder is more often right when it reads the right words than when it reads its own. Two things make this gap: how
often it errs at all, and what an error does to the words after it. So a small gap need not mean that errors do no
harm, nor a wide one that they do. Two functions.
"""

HINTS = r"""
For the recovery, place k + 1 of the run with its error at k is all that counts. For the table follow a free run with
your finger: it leaves the sentence at the first wrong word. Where does it go from there, and who decides that?

Reading the right words, the decoder uses the entries of `<sos>` and of the sentence's words, but for the last, each
once. An entry of a word that is not in the sentence is used only in a free run, and what stands there is up to you:
a word that leads to itself is never left, one that leads back into the sentence makes good for the error.

Set all entries to a word that is not in the sentence. The first `min(forced, free)` entries on the way are right. If
more are to be right when forced, leave one wrong and make those behind it right. If more when free, take a new word
outside for each: the sentence leads to it, and it leads to the sentence's next word but one.
"""

QUESTION = Question(
    "3.6", "What a gap shows", TEXT, minutes=40, difficulty=3, hints=HINTS
)


@QUESTION.now("""
Four decoders made to order speak. Each has eight words to say; what they say forced and free is printed, wrong words
in capitals. Before you run the cell: which of the four would you rather have, knowing only the gap between the two
numbers?
""")
def speak(next_words):
    sentence = ["the", "cat", "sat", "on", "my", "old", "red", "mat"]
    outside = [
        "a",
        "dog",
        "ran",
        "by",
        "its",
        "new",
        "blue",
        "bed",
        "there",
        "quickly",
    ]
    words, T = sentence + outside, len(sentence)
    target = list(range(T))
    for forced, free in ((7, 7), (7, 0), (0, 4), (2, 5)):
        table = next_words(target, len(words), forced, free)
        own = [len(words)]
        for _ in target:
            own.append(int(table[own[-1]]))
        read = [len(words), *target[:-1]]
        print(f"forced {forced}, free {free}, gap {forced - free}")
        for said in ([int(table[w]) for w in read], own[1:]):
            both = zip(said, target, strict=True)
            print(
                "   ",
                *(words[a] if a == b else words[a].upper() for a, b in both),
            )
