export { mailCapabilities } from '../../spec/host/mail.ts';
export { MAIL_ENTITIES } from './entities.ts';
export { openMail, type Mail } from './mail.ts';
