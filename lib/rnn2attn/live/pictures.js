// The network that reads a picture, beside the engine above. A picture has its shape, (channels, rows, columns), and its
// data, row by row.

/** z_{o,i,j} = b_o + Σ_{c,k,l} W_{o,c,k,l} x_{c, s i + k − p, s j + l − p}; outside the picture there are zeros. */
export const conv2d = (picture, layer) => finish(convolving(picture, layer));

/** The same by pieces: it rests after each row. */
function* convolving({ shape: [C, H, W], data }, { weight, bias, stride, padding }) {
  const [out, , K, L] = weight.shape;
  const [rows, columns] = [(H + 2 * padding - K) / stride, (W + 2 * padding - L) / stride].map(
    (size) => Math.floor(size) + 1,
  );
  const kernels = { shape: [out, C * K * L], data: weight.data };
  const window = new Float64Array(C * K * L); // what a kernel covers of the picture
  const z = new Float64Array(out * rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let c = 0, n = 0; c < C; c++)
        for (let k = 0; k < K; k++)
          for (let l = 0; l < L; l++, n++) {
            const [y, x] = [stride * i + k - padding, stride * j + l - padding];
            window[n] = y >= 0 && y < H && x >= 0 && x < W ? data[(c * H + y) * W + x] : 0;
          }
      const found = times(kernels, window);
      for (let o = 0; o < out; o++) z[(o * rows + i) * columns + j] = found[o] + bias.data[o];
    }
    yield;
  }
  return { shape: [out, rows, columns], data: z };
}

/** γ (x − mean) / √(variance + ε) + β of each channel, with the mean and the variance that training has left. */
export function batchNorm({ shape, data }, { weight, bias, running_mean, running_var, eps }) {
  const channel = (n) => Math.floor(n / (shape[1] * shape[2]));
  const normal = (a, c) =>
    (weight.data[c] * (a - running_mean.data[c])) / Math.sqrt(running_var.data[c] + eps) + bias.data[c];
  return { shape, data: data.map((a, n) => normal(a, channel(n))) };
}

/** A picture's cells, row by row, with their places; the decoder starts from their mean. */
export const look = (picture, encoder) => finish(looking(picture, encoder));

/** The same by pieces: it rests after each layer, and within a convolution. */
export function* looking(picture, { convolutions, rows, columns, cell, grid: [, width] }) {
  const layers = { BatchNorm2d: batchNorm, ReLU: ({ shape, data }) => ({ shape, data: relu(data) }) };
  for (const layer of convolutions) {
    picture = layer.kind === "Conv2d" ? yield* convolving(picture, layer) : layers[layer.kind](picture, layer);
    yield;
  }
  const { shape, data } = picture;
  const [d, H, W] = shape;
  const place = (n, j) => (rows ? rows.data[Math.floor(n / width) * d + j] + columns.data[(n % width) * d + j] : 0);
  const states = Array.from({ length: H * W }, (_, n) => vector(d, (j) => data[j * H * W + n] + place(n, j)));
  return { states, last: cell === "LSTM" ? [mean(states), mean(states)] : mean(states) };
}
