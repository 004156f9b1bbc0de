"""Tiny tokenizers in the three shapes that we read, and what Python's tokenizers makes of awkward texts with them.

    python3 scripts/golden/tiny_tokenizers.py                 writes scripts/golden/tiny-tokenizers/
    python3 scripts/golden/tiny_tokenizers.py check FOLDER    opens a saved folder with transformers' AutoTokenizer

bert/ is WordPiece with [CLS] $A [SEP] as a template, roberta/ byte-level BPE with merges and a <mask> that eats the
space before it, byte-level/ is built from GPT-2's byte table, without merges. Vocabularies are written by hand. Made
with Python 3.11, tokenizers 0.23.2, transformers 5.18.0.
"""

import json
import sys
from pathlib import Path

OUT = Path(__file__).parent / "tiny-tokenizers"

TEXTS = [
    "Hello, hello world!",
    "the theatre of the thin  air ,  and more .",
    "ROMEO:\nWhat's here? I don't know.\n\nJULIET:\n\tNo.\r\n",
    "a <mask> b<mask>c  <mask>",
    "a [MASK] b[MASK]c  [MASK]",
    "<s>framed by hand</s><pad><unk> [CLS]x[SEP][PAD][UNK]",
    "caf\u00e9 na\u00efve \u00c5ngstr\u00f6m \u4f60\u597d\u4e16\u754c \u0395\u03bb\u03bb\u03ac\u03b4\u03b1 \u0438 \u0440\u0443\u0441\u0441\u043a\u0438\u0439",
    "emoji \U0001f469\u200d\U0001f4bb \U0001f1eb\U0001f1ee e\u0301 \u00a0nbsp\u00a0 \u2028 zero\u200bwidth",
    "<mas <maskk> <<mask>> </ s>",
    "unaffable 1234567890 #$%&*()",
    "   leading and trailing   ",
    "\u0000\u0001\u007f control",
    " ",
    "",
]


def byte_symbols():
    """GPT-2's table: printable Latin-1 for itself, the rest from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + n) for n, byte in enumerate(rest)}}


def added(vocabulary, tokens, lstrip=()):
    return [
        {
            "id": vocabulary[token],
            "content": token,
            "single_word": False,
            "lstrip": token in lstrip,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for token in tokens
    ]


def bert():
    words = "the he llo hello world and of air more cafe naive what here know don thin thea a b c i s t no x un aff able"
    pieces = "tre ##tre ##ll ##o ##s ##a ##b ##c ##d ##e ##t ##1 ##2 ##3 ##aff ##able ##k"
    marks = ", . ! ? ' : # $ % & * ( ) < > / \u4f60 \u597d \u4e16 1"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words.split(), *pieces.split(), *marks.split()]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    a, b = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
    piece = lambda token, kind: {"SpecialToken": {"id": token, "type_id": kind}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added(vocabulary, special),
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("[CLS]", 0), a, piece("[SEP]", 0)],
            "pair": [piece("[CLS]", 0), a, piece("[SEP]", 0), b, piece("[SEP]", 1)],
            "special_tokens": {
                token: {"id": token, "ids": [vocabulary[token]], "tokens": [token]} for token in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    }


def byte_level_bpe(merges, lstrip, order):
    symbols = byte_symbols()
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *(symbols[byte] for byte in order)]
    tokens += ["".join(merge) for merge in merges] + ["<mask>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added(vocabulary, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], lstrip),
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": ["</s>", 2],
            "cls": ["<s>", 0],
            "trim_offsets": True,
            "add_prefix_space": False,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": [list(merge) for merge in merges],
        },
    }


def roberta():
    space = byte_symbols()[32]
    merges = [("t", "h"), ("th", "e"), (space, "the"), ("l", "l"), ("h", "e"), ("he", "ll"), ("hell", "o"),
              (space, "hello"), (space, "a"), ("i", "n"), (space + "a", "n"), (space + "an", "d"), ("th", "in"),
              (space, "thin"), ("\u00c3", "\u00a9"), (space, space)]  # fmt: skip
    return byte_level_bpe(merges, lstrip=("<mask>",), order=[*range(33, 127), *range(33), *range(127, 256)])


CONFIGS = {
    "bert": {
        "tokenizer_class": "BertTokenizer",
        "mask_token": "[MASK]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "unk_token": "[UNK]",
        "do_lower_case": True,
        "model_max_length": 512,
    },
    "roberta": {
        "tokenizer_class": "RobertaTokenizer",
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "special": True},
        "model_max_length": 512,
    },
}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def expected(tokenizer_json):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json))
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        framed = tokenizer.encode(text).ids
        cases.append(
            {
                "text": text,
                "ids": ids,
                "framed": framed,
                "decoded": tokenizer.decode(framed, skip_special_tokens=True),
                "decodedWithSpecial": tokenizer.decode(framed, skip_special_tokens=False),
            }
        )
    return cases


def main():
    for name, made in {"bert": bert(), "roberta": roberta()}.items():
        write(OUT / name / "tokenizer.json", made)
        write(OUT / name / "tokenizer_config.json", CONFIGS[name])
        write(OUT / name / "expected.json", expected(made))
    write(OUT / "byte-level" / "expected.json", expected(byte_level_bpe([], lstrip=(), order=range(256))))


def check(folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    print(type(tokenizer).__name__, len(tokenizer), tokenizer.mask_token_id, tokenizer.model_max_length)
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        print(json.dumps({"ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)}))


check(sys.argv[2]) if sys.argv[1:2] == ["check"] else main()
