import { Item, Part } from "../pages/Parts";
import { useTexts } from "../texts/texts";
import { duration } from "./duration";
import type { Template } from "./queries";
import classes from "./TemplatePage.module.css";

/** What a deployment of it is made of: systems with what they have to offer, roles, exceptions, events. */
export function Contents({ template }: { template: Template }) {
  const { texts, language } = useTexts();
  const roles = Object.entries(template.roles);
  const titleOf = (role: string) => template.roles[role]?.title ?? role;
  return (
    <div className={classes.grid}>
      <Part title={texts.capabilities} body={texts.capabilitiesBody}>
        {Object.entries(template.connections).map(([name, need]) => (
          <Item key={name} name={need.title} hint={need.operations.join(", ")} />
        ))}
      </Part>
      {roles.length > 0 && (
        <Part title={texts.templateRoles} body={texts.templateRolesBody}>
          {roles.map(([name, role]) => (
            <Item
              key={name}
              name={role.title}
              text={role.does}
              hint={name === template.process_owner ? texts.ownsProcess : undefined}
            />
          ))}
        </Part>
      )}
      {Object.keys(template.exceptions).length > 0 && (
        <Part title={texts.templateExceptions}>
          {Object.entries(template.exceptions).map(([name, one]) => (
            <Item
              key={name}
              name={one.title}
              hint={texts.exceptionFor(
                titleOf(one.owner),
                one.within === null ? null : duration(language, one.within),
              )}
            />
          ))}
        </Part>
      )}
      {template.consumes.length + template.emits.length > 0 && (
        <Part title={texts.templateEvents}>
          {template.consumes.length > 0 && (
            <Item name={texts.consumesEvents} hint={template.consumes.join(", ")} />
          )}
          {template.emits.length > 0 && <Item name={texts.emitsEvents} hint={template.emits.join(", ")} />}
        </Part>
      )}
      {template.kpis.length > 0 && (
        <Part title={texts.templateFigures}>
          {template.kpis.map(one => (
            <Item key={one} text={one} />
          ))}
        </Part>
      )}
    </div>
  );
}
