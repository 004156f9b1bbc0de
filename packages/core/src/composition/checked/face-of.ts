/**
 * The component to whoever uses it, with `methods` in front of its own. Everything else is passed on to the component
 * itself, so classes with private members work and properties that change stay true.
 */
export function faceOf<Component extends object>(
  component: Component,
  methods: Partial<Component>,
): Component {
  const face = Object.create(Object.getPrototypeOf(component)) as Component;
  for (const [key, descriptor] of members(component)) {
    if (Object.hasOwn(methods, key)) continue;
    const method = descriptor.value as unknown;
    const passedOn =
      typeof method === "function"
        ? { value: method.bind(component), writable: true }
        : {
            get: () => Reflect.get(component, key),
            set: (value: unknown) => Reflect.set(component, key, value),
          };
    Object.defineProperty(face, key, {
      ...passedOn,
      enumerable: descriptor.enumerable,
      configurable: true,
    });
  }
  return Object.assign(face, methods);
}

// --- internal ---

/** Its own members and those of its classes, the nearest of each name. */
function members(component: object): Map<PropertyKey, PropertyDescriptor> {
  const found = new Map<PropertyKey, PropertyDescriptor>();
  for (
    let object: object | null = component;
    object && object !== Object.prototype;
    object = Object.getPrototypeOf(object)
  ) {
    for (const key of Reflect.ownKeys(object)) {
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      if (key !== "constructor" && descriptor && !found.has(key)) found.set(key, descriptor);
    }
  }
  return found;
}
