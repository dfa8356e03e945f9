// The data as conformance/pages/packed.py was given it: "@12" stands for the entry 12 of what is shared.
const unpacked = ({ shared, rest }) => {
  const known = [];
  const told = (one) => {
    if (typeof one === "string") {
      if (!one.startsWith("@")) return one;
      return one.startsWith("@@") ? one.slice(1) : known[Number(one.slice(1))];
    }
    if (Array.isArray(one)) return one.map(told);
    if (one === null || typeof one !== "object") return one;
    return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, told(part)]));
  };
  for (const one of shared) known.push(told(one));
  return told(rest);
};
