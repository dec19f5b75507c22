/** Our own routes, as their definition describes them. */
import { IamApi } from "@beep/iam-server";
import * as OpenApi from "effect/http-api/OpenApi";

const { components, paths } = OpenApi.fromApi(IamApi);

/** The schemas that operations refer to, by their names. */
export const { schemas } = components;

const methods = ["get", "post", "put", "patch", "delete"] as const;

/** Every operation; parameters stand in its path as `{name}`. */
export const operations = Object.entries(paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ method: method.toUpperCase(), path, operation }];
  }),
);
