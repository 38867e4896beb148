import { useTexts } from "../texts/texts";
import frame from "../webhooks/WebhooksPage.module.css";
import type { Entry, Role } from "./queries";
import classes from "./ReadinessPage.module.css";
import { StandingMark } from "./StandingMark";

/** Roles that its tasks and exceptions go to, and how many people have each; who answers for the whole is first. */
export function RoleRows({ entry }: { entry: Entry }) {
  const { texts } = useTexts();
  if (entry.roles.length === 0) return null;
  return (
    <div className={classes.group}>
      <h3 className={classes.subtitle}>{texts.templateRoles}</h3>
      <ul aria-label={texts.templateRoles}>
        {entry.roles.map(one => (
          <RoleRow key={one.role} role={one} />
        ))}
      </ul>
    </div>
  );
}

function RoleRow({ role }: { role: Role }) {
  const { texts } = useTexts();
  return (
    <li className={classes.need}>
      <div className={classes.head}>
        <div className={classes.what}>
          <h4 className={classes.name}>{role.title}</h4>
          <span className={frame.facts}>
            <span>{texts.peopleHaveIt(role.people)}</span>
            {role.process_owner && <span>{texts.ownsProcess}</span>}
          </span>
        </div>
        <StandingMark standing={role.standing} />
      </div>
      {role.cause !== "staffed" && <p className={classes.why}>{texts.roleHelp[role.cause](role.role)}</p>}
      {role.does && <p className={classes.asked}>{role.does}</p>}
    </li>
  );
}
