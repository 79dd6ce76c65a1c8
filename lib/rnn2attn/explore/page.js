// Makes every explorable of the page that does not move yet follow its sliders.
for (const figure of document.querySelectorAll("figure.rnn2attn-explore:not([data-moves])")) {
  figure.dataset.moves = "";
  (async () => {
    const bytes = Uint8Array.from(atob(figure.querySelector(".frames").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const { lines, runs, numbers, texts } = await new Response(stream).json();

    const unpacked = (frame) => {
      const tenths = [...numbers[frame]];
      for (let i = 2; i < tenths.length; i++) tenths[i] += tenths[i - 2];
      let next = 0;
      return runs[frame]
        .map(([first, count]) => lines.slice(first, first + count).join("\n"))
        .join("\n")
        .replace(/\x7f/g, () => (tenths[next++] / 10).toFixed(1));
    };

    const picture = figure.querySelector("[role=img]");
    const status = figure.querySelector("[role=status]");
    const axes = [...figure.querySelectorAll(".axis")].map((axis) => ({
      slider: axis.querySelector("input"),
      output: axis.querySelector("output"),
      values: JSON.parse(axis.dataset.values),
    }));
    let waiting;

    const show = () => {
      let frame = 0;
      for (const { slider, output, values } of axes) {
        frame = frame * values.length + slider.valueAsNumber;
        output.value = values[slider.valueAsNumber];
        slider.setAttribute("aria-valuetext", output.value);
      }
      picture.innerHTML = unpacked(frame);
      picture.setAttribute("aria-label", texts[frame]);
      clearTimeout(waiting); // a slider on its way says its value; the picture is told where it rests
      waiting = setTimeout(() => (status.textContent = texts[frame]), 500);
    };

    for (const { slider } of axes) {
      slider.addEventListener("input", show);
      slider.hidden = false;
    }
  })();
}
