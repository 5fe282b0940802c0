/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full screen at a door: an owner is asked about who knocks, one after the other; and who knocks waits. A question
 * never opens under somebody's fingers: not while a line is typed, nor right after a key. */
#include "app/face.h"

#include "base/intl.h"

#include <stdio.h>
#include <string.h>

#define HANDS_OFF TCHAT_SECONDS(1)

static struct door_guest *find(struct face *face, const struct trust_pin *pin)
{
	struct door *door = &face->front.door;
	for (size_t i = 0; i < door->guest_count; i++)
		if (trust_pin_equal(&door->guests[i].pin, pin) && !door->guests[i].refused)
			return &door->guests[i];
	return NULL;
}

static void open_question(struct face *face, const struct door_guest *guest)
{
	char text[1024], words[TRUST_WORDS];
	trust_words(&guest->pin, words);
	snprintf(text, sizeof text, _("%1$s wants to come in.\nKey: %2$s\nFrom: %3$s"),
	         guest->nick[0] != '\0' ? guest->nick : "?", words, guest->address);
	struct dialogue *dialogue = dialogue_question(_("Somebody knocks"), text);
	if (dialogue != NULL) {
		dialogue_answer(dialogue, 'y', _("let in"));
		dialogue_answer(dialogue, 'n', _("send away"));
		dialogue_answer(dialogue, 'l', _("later"));
	}
	face->knocking = guest->pin;
	face_ask(face, ASK_DOOR, dialogue);
}

void face_mind_door(struct face *face)
{
	tchat_time now = loop_now(face->talk.loop);
	struct door *door = &face->front.door;
	if (face->question == ASK_DOOR && (find(face, &face->knocking) == NULL || !face->ready)) {
		face_close_overlay(face); /* somebody else opened, or nobody can */
		face->touched = now;      /* the answer that was on its way is not for the next one */
	}
	if (face->dialogue != NULL || face->help != NULL || !face->ready || face->leaving ||
	    line_editor_length(face->editor) > 0)
		return;
	for (size_t i = 0; i < door->guest_count; i++) {
		if (door->guests[i].later)
			continue;
		if (face->touched != 0 && now < face->touched + HANDS_OFF) {
			loop_timer_set(face->talk.loop, &face->hands_off, face->touched + HANDS_OFF);
			return;
		}
		open_question(face, &door->guests[i]);
		face_changed(face, true);
		return;
	}
}

void face_answer_door(struct face *face, int answer)
{
	struct door_guest *guest = find(face, &face->knocking);
	if (guest == NULL)
		return;
	guest->later = true; /* not asked again unless the host has not heard it */
	if (answer == 0 || answer == 1)
		session_door(face->talk.session, guest->pin.bytes, answer == 0);
	loop_again(face->talk.loop);
}

void face_wait_at_door(struct face *face, const struct session_event *event)
{
	char text[TALK_TEXT];
	face->waiting = true;
	talk_waiting(&face->talk, event, text);
	face_notice(face, MESSAGE_SYSTEM, text);
	face_notice(face, MESSAGE_SYSTEM, _("Esc leaves."));
}
