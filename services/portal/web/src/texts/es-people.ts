import type en from "./en-people";

const people: typeof en = {
  signInWith: provider => `Entrar con ${provider}`,
  or: "o",
  failed: {
    "sign-in-stale": "Ese acceso ha terminado: tardó más de diez minutos o ya se usó. Empiece de nuevo.",
    "provider-refused":
      "Su proveedor de acceso no confirmó quién es. Empiece de nuevo o pregunte a quien lo administra.",
    "provider-away": "Su proveedor de acceso no responde. Inténtelo más tarde o entre con contraseña.",
    "nobody-here": "Allí ha entrado, pero nadie le ha invitado aquí. Pida una invitación.",
    "invitation-over": "Esa invitación ha terminado. Pida otra.",
  },
  failedOther: "No se pudo entrar. Empiece de nuevo.",
  stillSignedIn: "Su sesión sigue abierta",
  stillSignedInBody:
    "Volvió después de más de diez minutos, o por segunda vez, así que no se hizo nada. Continúe y repita lo que iba a hacer.",
  goOn: "Continuar",
  told: {
    "password-changed": "Su contraseña ha cambiado y su sesión terminó en todas partes. Entre con la nueva.",
    "passkey-removed": "La llave de acceso se quitó y su sesión terminó en todas partes. Entre otra vez.",
    "factor-removed": "El segundo factor se quitó y su sesión terminó en todas partes. Entre otra vez.",
  },
  withPasskey: "Usar una llave de acceso",
  passkeyFailed: {
    cancelled:
      "No se usó ninguna llave de acceso: la petición se canceló o tardó demasiado, o este dispositivo no tiene ninguna para esta dirección. Inténtelo de nuevo o use otro modo.",
    refused:
      "Esa llave de acceso no abre nada aquí: se quitó, o la petición tardó más de cinco minutos. Inténtelo de nuevo o use otro modo.",
    unsupported: "Este navegador no puede usar llaves de acceso aquí. Use otro navegador u otro modo.",
    unfit: "Este dispositivo no puede usar la llave de acceso: tiene que pedir huella, rostro o PIN.",
    known: "Este dispositivo no puede usar la llave de acceso.",
  },

  passkeys: "Llaves de acceso",
  passkeysBody: host =>
    `Huella, rostro o PIN en lugar de contraseña y código. Una llave de acceso solo sirve en ${host}, y nunca en una imitación.`,
  passkeysUnsupported:
    "Este navegador no puede añadir llaves de acceso aquí. Abra esta página en otro navegador o en otro dispositivo.",
  noPasskeysTitle: "Todavía no hay llaves de acceso",
  noPasskeysBody:
    "Añada una en cada dispositivo con el que entra. Su contraseña sigue sirviendo junto a ellas.",
  addPasskey: "Añadir una llave de acceso",
  addPasskeyBody: "Después, su navegador pregunta dónde guardarla y quién es usted.",
  passkeyName: "Nombre",
  passkeyNameHint: "Para reconocerla en su lista.",
  passkeyNameNeeded: "Póngale un nombre.",
  passkeyNameBad: "Use letras, cifras y signos sencillos en el nombre.",
  passkeyAsking: "Su navegador le pregunta ahora. Respóndale para seguir.",
  passkeyAdded: name => `«${name}» está añadida. Desde ahora puede entrar con ella.`,
  passkeyNotAdded: {
    cancelled:
      "No se creó ninguna llave de acceso: la petición se canceló o tardó demasiado. Inténtelo de nuevo.",
    refused:
      "La llave de acceso no se aceptó: la petición tardó más de cinco minutos o ya se conocía. Inténtelo de nuevo. Si su dispositivo guardó una, quítela allí.",
    unsupported:
      "Este navegador no puede añadir llaves de acceso aquí. Use otro navegador u otro dispositivo.",
    unfit: "Este dispositivo no puede guardar una llave de acceso: tiene que pedir huella, rostro o PIN.",
    known: "Este dispositivo ya tiene una llave de acceso de su cuenta.",
  },
  onSystem: (browser, system) => `${browser} en ${system}`,
  thisDevice: "Este dispositivo",
  addedAt: time => `Añadida: ${time}`,
  usedAt: time => `Último uso: ${time}`,
  notUsed: "Sin usar todavía",
  onlyOn: host => `Sirve en ${host}`,
  removeOne: name => `Quitar ${name}`,
  removeShort: "Quitar",
  removePasskeyTitle: name => `¿Quitar «${name}»?`,
  removePasskeyBody:
    "Deja de abrir nada aquí, y su sesión termina en todas partes, también aquí. Su dispositivo puede seguir ofreciéndola hasta que la quite allí.",
  removePasskey: "Quitar llave de acceso",
  failedPlain: "Eso no salió bien y no se cambió nada. Inténtelo de nuevo.",

  code: "Código",
  codeHint: "Seis cifras de su aplicación de códigos, o uno de sus códigos de recuperación.",
  codeNeeded: "Escriba el código.",
  codeFailed: "Ese código no es correcto o ya se usó. Espere al siguiente.",

  invitation: "Invitación",
  invitedTo: brand => `Tiene una invitación a ${brand}`,
  invitedBody: "Continúe en este navegador. Después tiene un cuarto de hora para terminar.",
  openInvitation: "Continuar",
  invitationFor: name => `Para ${name}`,
  choosePassword: "Elija una contraseña",
  passwordRule: "Al menos 12 caracteres. Varias palabras sin relación hacen una buena.",
  acceptInvitation: "Crear cuenta",
  invitationOver: "Esta invitación ha terminado. Pida otra a quien le invitó.",
  weakPassword: "Esa contraseña es corta o fácil de adivinar. Use varias palabras sin relación.",

  weak: {
    length: "Use al menos 12 caracteres.",
    common: "Mucha gente usa esa contraseña o una parecida. Use varias palabras sin relación.",
    personal: "Su nombre, su dirección y el nombre de este portal se prueban primero. Use otras palabras.",
    words: "Es fácil de adivinar. Use varias palabras sin relación.",
    keyboard: "Sigue las teclas de un teclado. Use varias palabras sin relación.",
    repeats: "Se repite. Use varias palabras sin relación.",
    sequence: "Cuenta hacia delante o hacia atrás. Use varias palabras sin relación.",
    date: "Las fechas y los años se prueban primero. Use varias palabras sin relación.",
  },

  ownPassword: "Contraseña",
  passwordBody:
    "Con una contraseña nueva su sesión termina en todas partes, también aquí, y se quitan sus llaves de acceso. Después entra con la nueva.",
  oldPassword: "Contraseña hasta ahora",
  newPassword: "Contraseña nueva",
  changePassword: "Cambiar la contraseña",
  noPassword: "Usted entra en su proveedor y su cuenta no tiene contraseña aquí. Allí la cambia.",

  proveTitle: "Demuestre que es usted",
  proveBody:
    "La última vez que demostró quién es fue hace más de diez minutos. Hágalo una vez más y esto sigue.",
  prove: "Continuar",
  proveFailed: "Esa contraseña no es correcta. Inténtelo de nuevo.",
  proveAt: provider => `Demostrarlo en ${provider}`,
  proveFailedAt: {
    "provider-refused":
      "Su proveedor de acceso no confirmó que es usted y no se hizo nada. Inténtelo de nuevo o demuéstrelo de otro modo.",
    "provider-away":
      "Su proveedor de acceso no responde y no se hizo nada. Inténtelo más tarde o demuéstrelo de otro modo.",
  },
  proveFailedOther: "No se pudo demostrar y no se hizo nada. Inténtelo de nuevo.",

  secondFactor: "Segundo factor",
  secondFactorOff:
    "Su cuenta no tiene segundo factor. Un código de una aplicación en su teléfono deja fuera a quien sepa su contraseña.",
  secondFactorOn: "Su cuenta pide un código después de la contraseña.",
  setUp: "Configurar",
  secretBody:
    "Escanee esto con su aplicación de códigos o escriba la clave. Después escriba el código que muestre.",
  keyPicture: "La clave como imagen para una cámara",
  openApp: "Abrir en una aplicación de este dispositivo",
  confirmCode: "Confirmar",
  copyCodes: "Copiar todos",
  recoveryTitle: "Guarde estos códigos de recuperación",
  recoveryBody:
    "Cada uno sirve una vez en lugar de un código. No se muestran de nuevo. Entre otra vez para seguir.",
  afterSetUp: "Cuando esté configurado, su sesión termina en todas partes y entrará con un código.",
  removeBody:
    "Quitarlo deja su cuenta solo con la contraseña y termina su sesión en todas partes, también aquí.",
  remove: "Quitar el segundo factor",
  insteadPasskey: "Usar una llave de acceso en lugar de contraseña y código",

  clients: "Clientes",
  clientsBody: "Elija un cliente para trabajar por él. En su registro ve su nombre, su motivo y lo que hace.",
  clientsOnly: "Los clientes que su cuenta puede ver.",
  clientsShown: (count, more) =>
    more ? `${count} a la vista` : count === 1 ? "1 cliente" : `${count} clientes`,
  moreClients: "Mostrar más clientes",
  noClientsTitle: "Todavía no hay clientes",
  noClients: "Un cliente aparece aquí cuando quien administra su cuenta lo añade.",
  actAs: client => `Actuar como ${client}`,
  actAsWho: "Actuar como",
  actAsShort: "Actuar como cliente",
  actingBody:
    "Ve las páginas del cliente sin lo privado que hay en ellas, hasta que acabe el tiempo o usted lo deje.",
  environmentWord: "Entorno",
  reason: "Motivo",
  reasonHint: "El cliente lo lee. Al menos diez caracteres.",
  reasonShort: "Diga por qué, con al menos diez caracteres.",
  minutes: "Durante cuánto tiempo",
  minutesOf: minutes =>
    minutes < 60 ? `${minutes} minutos` : minutes === 60 ? "1 hora" : `${minutes / 60} horas`,
  actingAs: client => `Actúa como ${client}`,
  actingUntil: time => `hasta las ${time}`,
  stopActing: "Dejar de actuar",
};

export default people;
