import time

import pytest

from transforms.text.language import identify_language, normalize_language

SENTENCES = {
    "en": "The bridge over the river will be closed until the end of the month, the council said on Tuesday.",
    "de": "Die Brücke über den Fluss bleibt bis Ende des Monats gesperrt, teilte der Rat am Dienstag mit.",
    "fr": "Le pont sur la rivière restera fermé jusqu'à la fin du mois, a annoncé mardi le conseil municipal.",
    "es": "El puente sobre el río permanecerá cerrado hasta fin de mes, informó el martes el ayuntamiento.",
    "pt": "A ponte sobre o rio ficará fechada até ao fim do mês, informou na terça-feira a câmara municipal.",
    "it": "Il ponte sul fiume resterà chiuso fino alla fine del mese, ha comunicato martedì il consiglio comunale.",
    "pl": "Most nad rzeką będzie zamknięty do końca miesiąca, poinformowała we wtorek rada miasta.",
    "uk": "Міст через річку буде закритий до кінця місяця, повідомила у вівторок міська рада.",
    "ru": "Мост через реку будет закрыт до конца месяца, сообщил во вторник городской совет.",
    "tr": "Nehrin üzerindeki köprü ay sonuna kadar kapalı kalacak, belediye meclisi salı günü açıkladı.",
    "ar": "قال المجلس يوم الثلاثاء إن الجسر فوق النهر سيبقى مغلقا حتى نهاية الشهر الجاري.",
    "zh": "市议会星期二表示，河上的桥将关闭至本月底，届时渡轮将继续运营。",
    "ja": "市議会は火曜日、川に架かる橋を月末まで閉鎖すると発表した。",
    "hi": "परिषद ने मंगलवार को कहा कि नदी पर बना पुल महीने के अंत तक बंद रहेगा।",
}


@pytest.mark.parametrize(("code", "sentence"), SENTENCES.items())
def test_a_sentence_tells_its_language(code: str, sentence: str) -> None:
    assert identify_language(sentence) == (code, "detected")
    assert identify_language(sentence, code) == (code, "agreed")


@pytest.mark.parametrize("text", ["", " \n", "1234 5678", "— … !", "Oslo", "🙂" * 50])
def test_what_cannot_be_told(text: str) -> None:
    assert identify_language(text) == (None, None)
    assert identify_language(text, "nl") == ("nl", "declared")


def test_a_long_text_overrules_its_declaration() -> None:
    assert identify_language(SENTENCES["de"] * 5, "en-US") == ("de", "detected")


def test_a_short_text_does_not() -> None:
    assert identify_language("Der Zug kommt nicht", "en-US") == ("en", "declared")


def test_an_unknown_declaration_counts_for_nothing() -> None:
    assert identify_language(SENTENCES["fr"], "x-default") == ("fr", "detected")
    assert identify_language("", "klingon!") == (None, None)


def test_close_languages_are_decided_by_the_declaration() -> None:
    norwegian = "Broen over elven blir stengt til slutten av måneden, opplyste kommunen tirsdag kveld."
    assert identify_language(norwegian, "nb-NO") == ("no", "agreed")


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("en-US", "en"), ("en_GB", "en"), ("EN", "en"), (" en ", "en"), ("eng", "en"), ("English", "en"),
        ("ger", "de"), ("deu", "de"), ("Deutsch", "de"), ("français", "fr"), ("Spanish", "es"), ("zh-Hant-TW", "zh"),
        ("cmn", "zh"), ("iw", "he"), ("nb", "no"), ("pt-BR,pt", "pt"), ("", None), ("xx", None), ("und", None),
        ("mul", None), ("{{lang}}", None),
    ],
)  # fmt: skip
def test_declarations(declared: str, code: str | None) -> None:
    assert normalize_language(declared) == code


def test_time_does_not_grow_with_the_text() -> None:
    identify_language(SENTENCES["en"])
    began = time.perf_counter()
    identify_language(SENTENCES["en"] * 100_000, "en")
    assert time.perf_counter() - began < 0.2
