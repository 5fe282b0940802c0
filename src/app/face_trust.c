/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen's question about a host that is met for the first time. */
#include "app/face.h"

#include "app/exit_status.h"
#include "base/intl.h"

#include <stdio.h>

void face_ask_trust(struct face *face)
{
	char text[TALK_TEXT];
	talk_question(&face->talk, text);
	struct dialogue *dialogue = dialogue_question(_("A new host"), text);
	if (dialogue != NULL) {
		dialogue_answer(dialogue, 'a', _("accept, and remember it"));
		dialogue_answer(dialogue, 'l', _("leave"));
	}
	face_ask(face, ASK_TRUST, dialogue);
}

void face_answer_trust(struct face *face, bool yes)
{
	if (!yes) {
		face->status = EXIT_STATUS_REFUSED;
		loop_stop(face->talk.loop, 0);
		return;
	}
	if (!host_trust_accept(face->talk.trust))
		face_room_tell(face_rooms_current(&face->rooms), MESSAGE_ERROR, _("the host could not be remembered in %s"),
		               host_trust_path(face->talk.trust));
	face->code = 0;
	session_retry_now(face->talk.session);
	loop_again(face->talk.loop);
}
