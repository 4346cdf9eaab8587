// outcome: exceededOutput
// trigger: health
export default {
  health() {
    let value = 1;
    for (let i = 0; i < 1_000; i++) value = [value];
    return value;
  },
};
