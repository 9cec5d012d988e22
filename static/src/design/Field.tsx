// Fields to type into, to switch and to choose from, each with its label, and the fault under it when there is one.
import type { ReactNode, Ref } from "react";
import { Checkbox } from "react-aria-components/Checkbox";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Switch } from "react-aria-components/Switch";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField } from "react-aria-components/TextField";
import { Icon } from "./Icon";
import "./field.css";

export interface FieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
  hint?: string | undefined;
  fault?: string | undefined;
  type?: "text" | "email" | "password" | "date" | "time" | "number";
  name?: string;
  autoComplete?: string;
  required?: boolean;
  maxLength?: number;
  min?: number;
  max?: number;
  /** More than one line. */
  rows?: number;
  placeholder?: string;
  autoFocus?: boolean;
  field?: Ref<HTMLInputElement>;
}

export function Field(props: FieldProps) {
  const { label, value, onChange, hint, fault, type = "text", rows, placeholder, field, min, max } = props;
  const { name, autoComplete, required = false, maxLength, autoFocus = false } = props;
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      isInvalid={fault !== undefined}
      isRequired={required}
      validationBehavior="aria"
      autoFocus={autoFocus}
      type={type as "text"}
      {...(name === undefined ? {} : { name })}
      {...(autoComplete === undefined ? {} : { autoComplete })}
      {...(maxLength === undefined ? {} : { maxLength })}
    >
      <Label>{label}</Label>
      {rows === undefined ? (
        <Input
          className="input"
          {...(placeholder === undefined ? {} : { placeholder })}
          {...(min === undefined ? {} : { min })}
          {...(max === undefined ? {} : { max })}
          {...(field && { ref: field })}
        />
      ) : (
        <TextArea className="input" rows={rows} {...(placeholder === undefined ? {} : { placeholder })} />
      )}
      {hint !== undefined && fault === undefined && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      {fault !== undefined && (
        <Text slot="errorMessage" className="field-error">
          {fault}
        </Text>
      )}
    </TextField>
  );
}

interface OnOff {
  on: boolean;
  onChange(on: boolean): void;
  children: ReactNode;
  disabled?: boolean;
}

export function Toggle({ on, onChange, children, disabled = false }: OnOff) {
  return (
    <Switch className="toggle" isSelected={on} onChange={onChange} isDisabled={disabled}>
      <span className="toggle-track">
        <span className="toggle-knob" />
      </span>
      <span>{children}</span>
    </Switch>
  );
}

export function Check({ on, onChange, children, disabled = false }: OnOff) {
  return (
    <Checkbox className="check" isSelected={on} onChange={onChange} isDisabled={disabled}>
      <span className="check-box">
        <Icon name="check" />
      </span>
      <span>{children}</span>
    </Checkbox>
  );
}

export interface Option<V extends string> {
  value: V;
  label: string;
}

/** The browser's own list: it is the best one on a phone. */
export function Choose<V extends string>(props: {
  label: string;
  value: V;
  options: readonly Option<V>[];
  onChange(value: V): void;
}) {
  const { label, value, options, onChange } = props;
  return (
    <label className="field">
      <span className="label">{label}</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value as V)}>
        {options.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
    </label>
  );
}
