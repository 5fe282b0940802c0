/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be changed, and how a text is taken away. */
#include "store/change.h"

#include "base/errors.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <string.h>

uint16_t change_refusal(struct store_post *post, const uint8_t *payload)
{
	uint8_t kind = payload[MSG_KIND];
	if ((kind != KIND_TEXT && kind != KIND_ACTION) || (payload[MSG_FLAGS] & MSG_BLANK) != 0)
		return -TCHAT_ERR_NO_MESSAGE;
	uint32_t author = (uint32_t)wire_get(payload + MSG_SENDER, 4);
	/* Numbers of users end with the host's life, devices do not. */
	post->own = wire_get(payload + MSG_DEVICE, 8) == post->device;
	if (post->author != 0 && post->author != author && !post->own)
		return -TCHAT_ERR_NOT_ALLOWED;
	post->author = author;
	return 0;
}

void change_blank(uint8_t *record, size_t length)
{
	uint8_t *payload = record + FRAME_HEADER;
	if (length < FRAME_HEADER + MSG_BODY)
		return;
	size_t text = (size_t)wire_get(payload + MSG_BODY_LENGTH, 4);
	if (text > length - FRAME_HEADER - MSG_BODY)
		text = length - FRAME_HEADER - MSG_BODY;
	memset(payload + MSG_BODY, ' ', text);
	payload[MSG_FLAGS] |= MSG_BLANK;
}
