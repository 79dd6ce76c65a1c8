// Search: the passages of searchindex.js, found while somebody types, above any page and on the page of results.
// English words are found by their stems, Korean ones inside longer ones and with a particle, misspelt ones by the
// nearest that the book has. Both files come when a search begins, as scripts, which a page on a disk may load too.
{
  const root = new URL("..", document.currentScript.src);
  const WORD = /[가-힣]+|√|(?:(?![가-힣])[\p{L}\p{N}_])+/gu;
  const PARTICLE = /(?<=..)(?:에서는|에서|에게|으로|까지|부터|처럼|보다|이나|라는|을|를|이|가|은|는|에|의|로|와|과|도|만)$/;
  const AFTER_LATIN = /(?<=[a-z0-9])(?:에서는|에서|에게|으로|까지|부터|처럼|보다|을|를|이|가|은|는|에|의|로|와|과|도|만)(?![가-힣])/g;
  const FORMULA = /\u2063/g;
  const WRITTEN = { sqrt: "√", alpha: "α", beta: "β", gamma: "γ", sigma: "σ", theta: "θ", rho: "ρ" };
  // How much a passage counts by where it stands: what explains before what lists.
  const PLACE = { term: 1, chapter: 1, page: 0.5, claim: 0.5, list: 0.2, library: 0.1 };
  const NAMED = { term: 30, library: 1 }; // how much more where the title is what was asked for; 3 elsewhere
  const ASKING = ["why", "how", "what", "which", "when", "where", "who", "do", "does", "did", "can"];
  const NAMES = { term: "Glossary", claim: "Evidence", library: "Library" };
  const IN_TITLE = 4;
  const ABOVE = 8; // results that are shown above a page

  const plain = (text) => text.normalize("NFC").toLowerCase();
  const isKorean = (word) => /[가-힣]/.test(word);
  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt()};`);

  const isBegun = (name, phrase) => name === phrase || (phrase.length > 2 && name.startsWith(phrase));

  // How many letters have to be put in, left out, changed, or swapped with the next.
  function distance(a, b) {
    let [before, last, row] = [[], [], Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i++) {
      [before, last, row] = [last, row, [i]];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1];
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    return row[b.length];
  }

  class Index {
    constructor(pages) {
      const stemmer = new Stemmer();
      this.stem = (word) => (isKorean(word) ? word : stemmer.stemWord(word));
      this.passages = pages.flatMap((page) =>
        page.passages.map(([anchor, title, text]) => ({ page, anchor, title: title || page.title, text })),
      );
      this.words = new Map(); // word → { stem, where: passage → how often, more in titles }
      this.passages.forEach((passage, i) => {
        this.add(passage.text, i, 1);
        this.add(passage.title, i, IN_TITLE);
      });
    }

    add(text, i, weight) {
      for (const word of plain(text).match(WORD) ?? []) {
        if (!this.words.has(word)) this.words.set(word, { stem: this.stem(word), where: new Map() });
        const { where } = this.words.get(word);
        where.set(i, (where.get(i) ?? 0) + weight);
      }
    }

    // The words of the book that a word of the query may mean, and how well each fits.
    meant(word) {
      const stem = this.stem(word);
      const fits = [];
      for (const [known, { stem: itsStem }] of this.words) {
        if (known === word) fits.push([known, 1]);
        else if (itsStem === stem) fits.push([known, 0.8]);
        else if (isKorean(word) ? known.includes(word) : word.length > 1 && known.startsWith(word)) fits.push([known, 0.5]);
      }
      if (fits.length || isKorean(word) || word.length < 4) return fits;
      const allowed = word.length < 8 ? 1 : 2;
      const near = [...this.words.keys()]
        .filter((known) => known.length > 3 && Math.abs(known.length - word.length) <= allowed)
        .map((known) => [known, distance(word, known)]);
      const least = Math.min(allowed, ...near.map(([, far]) => far));
      return near.filter(([, far]) => far === least).map(([known]) => [known, 0.4]);
    }

    // { found: passages, best first; instead: what a misspelt word was taken for }
    search(query) {
      const asked = (plain(query).replace(AFTER_LATIN, " ").match(WORD) ?? []).map((word) => WRITTEN[word] ?? word);
      const telling = asked.filter((word) => !stopwords.includes(word) && !ASKING.includes(word));
      const words = [...new Set(telling.length ? telling : asked)];
      const hits = new Map(); // passage → { score, count, forms }
      const instead = new Map();
      for (const word of words) {
        let meant = this.meant(word);
        if (!meant.length && isKorean(word)) meant = this.meant(word.replace(PARTICLE, ""));
        if (meant.length && meant.every(([, fit]) => fit === 0.4)) instead.set(word, meant[0][0]);
        const best = new Map(); // passage → [points, form]
        for (const [known, fit] of meant) {
          const { where } = this.words.get(known);
          const rare = Math.log(1 + this.passages.length / where.size);
          for (const [i, often] of where) {
            const points = fit * rare * (1 + Math.log(often));
            const one = best.get(i) ?? { points: 0, forms: [] };
            best.set(i, { points: Math.max(points, one.points), forms: [...one.forms, known] });
          }
        }
        for (const [i, { points, forms }] of best) {
          const hit = hits.get(i) ?? { score: 0, count: 0, forms: [] };
          hits.set(i, { score: hit.score + points, count: hit.count + 1, forms: [...hit.forms, ...forms] });
        }
      }
      const most = Math.max(0, ...[...hits.values()].map((hit) => hit.count));
      const phrase = words.map((word) => instead.get(word) ?? word).join(" ");
      const found = [...hits]
        .filter(([, hit]) => hit.count === most)
        .map(([i, { score, forms }]) => {
          const passage = this.passages[i];
          const names = plain(passage.title).replace(FORMULA, "").split(" · ");
          const isNamed = names.some((name) => isBegun(name, phrase)) || this.isKoreanName(passage, phrase);
          const factor = isNamed ? (NAMED[passage.page.kind] ?? 3) : 1;
          const whole = plain(passage.text).includes(phrase) ? 1.5 : 1;
          return { ...passage, forms, score: score * PLACE[passage.page.kind] * factor * whole };
        })
        .sort((a, b) => b.score - a.score);
      return { found, instead };
    }

    isKoreanName({ page, text }, phrase) {
      const [line] = text.split(" · ", 1);
      return page.kind === "term" && line.split(", ").some((name) => [phrase, phrase.replace(PARTICLE, "")].includes(name));
    }
  }

  let loading;
  function load() {
    return (loading ??= new Promise((resolve) => {
      window.bookIndex = (pages) => resolve(new Index(pages));
      for (const file of ["_static/language_data.js", "searchindex.js"]) {
        const script = document.createElement("script");
        script.src = new URL(file, root);
        script.async = false; // in this order
        document.head.append(script);
      }
    }));
  }

  // Where a passage is, down to the words that were found: a browser that cannot look for them goes to the anchor.
  function address({ page, anchor }, quoted) {
    const place = quoted ? `#${anchor}:~:text=${encodeURIComponent(quoted).replaceAll("-", "%2D")}` : anchor && `#${anchor}`;
    return new URL(page.uri, root).href + place;
  }

  // { quoted: some words of the page as they stand there; html: more of them, with those that were found marked }
  function summary({ text, forms }) {
    const either = forms.sort((a, b) => b.length - a.length);
    const sought = new RegExp(`(?<![a-z0-9_])(?:${either.join("|")})`, "gi");
    const spoken = text.replace(/\u2063[^\u2063]*\u2063/g, (formula) => "\u2063".repeat(formula.length));
    const place = spoken.search(sought);
    const middle = Math.max(0, place, text.search(sought) * (place < 0));
    const start = middle < 60 ? 0 : text.lastIndexOf(" ", middle - 40) + 1;
    const end = text.length < start + 180 ? text.length : text.lastIndexOf(" ", start + 180);
    const shown = text.slice(start, end).replace(FORMULA, "").replaceAll("\n", " ");
    const marked = escaped(shown).replace(sought, "<mark>$&</mark>");
    const html = `${start ? "… " : ""}${marked}${end < text.length ? " …" : ""}`;
    if (place < 0) return { quoted: "", html };
    const from = 1 + Math.max(...["\n", "\u2063"].map((sign) => spoken.lastIndexOf(sign, place)));
    const [block] = spoken.slice(from).split(/[\n\u2063]/, 1);
    const before = block.slice(0, place - from).split(" ");
    const words = block.split(" ").slice(Math.max(0, before.length - 3), before.length + 4);
    const quoted = words.join(" ").trim();
    return { quoted: /[_^]/.test(quoted) ? "" : quoted, html }; // which the page sets as an index or a power
  }

  function show(box, query, { found, instead }, limit = Infinity) {
    const [status, list] = box.children;
    const many = found.length === 1 ? "1 passage" : `${found.length} passages`;
    const taken = [...instead].map(([asked, meant]) => `“${meant}” in the place of “${asked}”`).join(", ");
    status.textContent = query.trim() && (found.length ? many + (taken && `, with ${taken}`) : "Nothing was found.");
    list.innerHTML = found
      .slice(0, limit)
      .map((one) => {
        const { quoted, html } = summary(one);
        const page = NAMES[one.page.kind] ?? one.page.title;
        const title = escaped(one.title.replace(FORMULA, ""));
        const where = page === one.title ? "" : ` <span class="where">${escaped(page.replace(FORMULA, ""))}</span>`;
        return `<li><a href="${escaped(address(one, quoted))}"><span class="title">${title}</span>${where}<span class="words">${html}</span></a></li>`;
      })
      .join("");
  }

  // Results below a field, with the arrows between field and results.
  function answer(form, limit) {
    const field = form.querySelector("input");
    const box = document.createElement("div");
    box.className = "found";
    box.innerHTML = '<p role="status"></p><ol></ol>';
    form.after(box);
    const update = async () => {
      const query = field.value;
      const index = await load();
      if (query === field.value) show(box, query, index.search(query), limit);
    };
    field.addEventListener("focus", load);
    field.addEventListener("input", update);
    form.parentElement.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const stops = [field, ...box.querySelectorAll("a")];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (next) event.preventDefault();
      next?.focus();
    });
    box.addEventListener("click", (event) => event.target.closest("a") && form.closest("dialog")?.close());
    return { field, update };
  }

  const [above, own] = ["#pst-search-dialog form", "article form.bd-search"].map((place) => document.querySelector(place));
  if (above) answer(above, ABOVE);
  if (own) {
    const { field, update } = answer(own);
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    field.addEventListener("input", () => history.replaceState(null, "", `?${new URLSearchParams({ q: field.value })}`));
    update();
  }
}
