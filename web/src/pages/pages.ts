// What every page loads. Each part is bound to attributes of the page and leaves others alone.

import { asking } from "./ask";
import { choosing } from "./choose/choose";
import { copying } from "./copy";
import { offeringFolders } from "./folders";
import { forms } from "./forms";
import { gathering } from "./gather";
import { retrying } from "./retry";
import { scrolling } from "./scroll";
import { sheets } from "./sheets";
import { filtering, keys, moments, pointing } from "./small";
import { tagging } from "./tagging";

sheets();
forms();
moments();
keys();
copying();
pointing();
choosing();
gathering();
filtering();
scrolling();
retrying();
tagging();
asking();
offeringFolders();
