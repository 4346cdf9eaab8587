export { mailCapabilities } from './capabilities.ts';
export { MAIL_ENTITIES } from './entities.ts';
export { openMail, type Mail } from './mail.ts';
