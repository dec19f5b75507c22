import { readFileSync } from "node:fs";
import * as Result from "effect/Result";
import * as Option from "effect/Option";
import * as Model from "../packages/iam/domain/src/authorization/Model.ts";
import * as T from "../packages/iam/domain/src/authorization/Tuple.ts";
import * as E from "../packages/iam/domain/src/authorization/Evaluation.ts";
const yaml = await import("/work/main/node_modules/.pnpm/node_modules/yaml/dist/index.js");
let n=0, bad=0;
const tup=(t)=>({subject:Option.getOrThrow(T.subject(t.user)),relation:t.relation,object:Option.getOrThrow(T.object(t.object)),condition:t.condition?{name:t.condition.name,context:t.condition.context??{}}:null});
for (const f of ["consolidated_1_1_tests.yaml","abac_tests.yaml"]) {
  const y = yaml.parse(readFileSync("/work/shared/conformance/openfga/"+f,"utf8"));
  for (const t of y.tests) { const all=[]; for (const s of t.stages) {
    const m = Result.getOrThrow(Model.parse(s.model)); for (const x of s.tuples??[]) all.push(tup(x));
    for (const c of s.checkAssertions??[]) { n++;
      let got;
      try {
        const ts=[...all,...(c.contextualTuples??[]).map(tup)];
        const q=tup(c.tuple);
        const r=E.decide(m,(o,rel)=>ts.filter(x=>x.object.type===o.type&&x.object.id===o.id&&x.relation===rel),q,c.context??{});
        got=Result.isFailure(r)?r.failure.code:r.success!==undefined;
      } catch(e){got=e.message}
      const want=c.errorCode??(c.expectation??false);
      const same=want===got||(want===2000&&got==="CONDITION_UNDECIDED")||(want===2002&&got==="QUESTION_TOO_DEEP");
      if(!same){bad++;console.log(t.name,JSON.stringify(c.tuple),"want",want,"got",got)}
    }}}
}
console.log(n,bad);
