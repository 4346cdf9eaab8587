// outcome: exceededOutput
// trigger: health
// Thirty levels of shared halves: small here, a billion leaves as JSON.
export default {
  health() {
    let value = 'leaf';
    for (let i = 0; i < 18; i++) value = [value, value];
    return value;
  },
};
