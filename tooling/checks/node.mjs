/**
 * Stops with one clear line when the Node that runs is too old. pnpm installs the right one first, but when that install
 * fails it warns and goes on with whatever Node the host has; so this file must run on old ones too.
 */
const required = 24;

if (Number(process.versions.node.split(".")[0]) < required) {
  process.stderr.write(
    `Node ${required} or newer is needed and this is ${process.versions.node}: the install that brings it did not succeed. ` +
      "Run `npx -y pnpm@12.21.0 install`, mend what it reports, then try again.\n",
  );
  process.exit(1);
}
