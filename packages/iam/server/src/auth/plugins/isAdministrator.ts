/** Who administers the whole installation. */

/** Whether a user of Better Auth's does: its roles are a list, separated by commas. */
export const isAdministrator = (user: Readonly<Record<string, unknown>> | undefined): boolean =>
  typeof user?.role === "string" && user.role.split(",").includes("admin");
