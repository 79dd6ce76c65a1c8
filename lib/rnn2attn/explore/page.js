// Makes every explorable of the page that does not move yet follow its sliders.
for (const [place, figure] of document.querySelectorAll("figure.rnn2attn-explore:not([data-moves])").entries()) {
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
    const caption = figure.querySelector(".shows");
    const status = figure.querySelector("[role=status]");
    const axes = [...figure.querySelectorAll(".axis")].map((axis) => ({
      slider: axis.querySelector("[type=range]"),
      choices: [...axis.querySelectorAll("[type=radio]")],
      button: axis.querySelector("button"),
      output: axis.querySelector("output"),
      values: JSON.parse(axis.dataset.values),
    }));
    const at = ({ slider, choices }) => (slider ? slider.valueAsNumber : choices.findIndex((one) => one.checked));
    let waiting, playing;

    const show = () => {
      let frame = 0;
      for (const axis of axes) {
        const { slider, output, values } = axis;
        frame = frame * values.length + at(axis);
        output.value = values[at(axis)];
        slider?.setAttribute("aria-valuetext", output.value);
      }
      picture.innerHTML = unpacked(frame);
      picture.setAttribute("aria-label", texts[frame]);
      caption.textContent = texts[frame];
      clearTimeout(waiting); // a slider on its way says its value; the picture is told where it rests
      if (!playing) waiting = setTimeout(() => (status.textContent = texts[frame]), 500);
    };

    const stop = () => {
      playing = clearInterval(playing);
      for (const { button } of axes) button?.setAttribute("aria-pressed", false);
    };

    const play = (axis) => {
      const last = axis.values.length - 1;
      const go = (place) => (axis.slider ? (axis.slider.value = place) : (axis.choices[place].checked = true));
      const step = () => {
        go(at(axis) + 1);
        if (at(axis) === last) stop();
        show();
      };
      axis.button.setAttribute("aria-pressed", true);
      if (at(axis) === last) go(0);
      playing = setInterval(step, 700);
      show();
    };

    for (const axis of axes) {
      for (const input of [axis.slider, ...axis.choices].filter(Boolean)) {
        input.addEventListener("input", () => (stop(), show()));
        input.name &&= `${input.name}-${place}`; // the same figure may be on a page twice
        (input.closest(".choices") ?? input).hidden = false;
      }
      if (axis.button) {
        axis.button.hidden = false;
        axis.button.addEventListener("click", () => (playing ? stop() : play(axis)));
      }
    }
  })();
}
