/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that change another one of their room: what both back ends check, and how a text is taken away. */
#ifndef TCHAT_STORE_CHANGE_H
#define TCHAT_STORE_CHANGE_H

#include "store/store.h"

/* May post change the message with this payload, of which the first MSG_BODY bytes count? 0, and post->author is set
 * to whose it is; or the code to refuse it with, positive as on the wire. */
uint16_t change_refusal(struct store_post *post, const uint8_t *payload);

/* Makes the text of a record (a whole frame of length bytes) blanks and sets MSG_BLANK; its length stays. */
void change_blank(uint8_t *record, size_t length);

#endif
