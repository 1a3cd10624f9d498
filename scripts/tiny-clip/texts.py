"""The texts whose ids and vectors are kept."""

TEXTS = [
    "", " ", "\t\n\r ", "a", "a photo of a child on a red bike", "A PHOTO of a Dog.",
    "  leading and   inner \t white\nspace  ", "hello!!! world??? ...", "it's we're they've I'm she'll he'd don't",
    "IT'S WE'RE DON'T", "rock'n'roll 'sound' 's 't", "''s '''", "2024-05-06 12:30 3,14 ½ Ⅻ ② ٣٤", "abc123def 4x4 no1",
    "café crème", "cafe\u0301 cre\u0300me", "Ångström Å \u212b", "ﬁne ﬂow", "Großmutter STRASSE ẞ", "İstanbul ISTANBUL ıstanbul",
    "ΣΑΣ σας Ὀδυσσεύς", "Ребёнок на велосипеде", "公園で赤い自転車に乗っている子供の写真", "아이가 자전거를 타다", "عربي طفل على دراجة", "हिन्दी में बच्चा",
    "ไทยไม่มีช่องว่าง", "한글 \u1112\u1161\u11ab\u1100\u1173\u11af", "🎉🎂 party 🎈", "👩‍👩‍👧‍👦 family 👍🏽 ❤️ 🇩🇪", "a\u0308\u0323 z\u0323\u0307\u0301",
    "&amp; &lt;b&gt; &#39;x&#39; <b>bold</b>", "C++ c# f(x)=x^2 100% $5 20€ @home #tag_1", "under_score-hyphen—dash…ellipsis", "“quotes” ‘single’ «guillemets» „low“",
    "nul\x00 bell\x07 esc\x1b del\x7f", "unit\x1fsep fs\x1c x\x0by\x0c z", "nbsp\u00a0thin\u2009ideo\u3000line\u2028para\u2029nel\u0085end", "zero\u200bwidth\u200d join\ufeffer\u00ad soft",
    "replacement \ufffd and private \ue000 and max \U0010fffd", "<|startoftext|> a <|endoftext|> b", "<|ENDOFTEXT|>", "x<|endoftext|>y", "< |endoftext| >", "!", "! ! hi!", "[PAD] <pad> </w> a</w>",
    "the " * 100, "supercalifragilisticexpialidocious" * 6, "a" * 500, "!?" * 200, "word " * 75, "word " * 74 + "end", "word " * 76, "1234567890" * 12, "é" * 120, "🎉" * 40,
    "a b c d e f g h i j k l m", "a b c d e f g h i j k l m n", "a b c d e f g h i j k l m n o",
    "photo of the mountain in the evening", "a birthday cake with candles", "grandmother and grandfather", "a screenshot of a map", "black and white street", "swimming in the pool",
    "a train at the station", "une photo d'un enfant sur un vélo rouge", "ein Foto von einem Kind auf einem roten Fahrrad", "ǅ ǆ Ǆ ŉ ΐ", "\u1e9e\u0130\u0049\u0307", "Ⓐ ⓐ Ａ ａ ℌ 𝐀", "x\u0300\u0301 \u0344 \u0f73", "\u0958 \u2126 \u1fef \ufa1f \uf900",
]
