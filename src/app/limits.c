/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's limits, out of the settings. */
#include "app/limits.h"

struct host_limits limits_host(const struct options *options, uint32_t clients)
{
	return (struct host_limits){
		.peers = clients,
		.handshake = options->auth_time,
		.per_user = (uint32_t)options->clients_per_user,
		.per_address = (uint32_t)options->clients_per_address,
		.rate = (uint32_t)options->message_rate,
		.burst = (uint32_t)options->message_burst,
		.text = (uint32_t)options->message_size,
		.frame = (uint32_t)options->frame_size,
		.queue = (size_t)options->queue,
		.queue_soft = (size_t)options->queue / 4,
		.queue_total = (size_t)options->queue_total,
		.rooms = (uint32_t)options->rooms,
		.members = (uint32_t)options->room_members,
		.rooms_per_user = (uint32_t)options->rooms_per_user,
		.rooms_made = (uint32_t)options->rooms_made,
		.accounts = (uint32_t)options->users,
		.knocks = (uint32_t)options->knocks,
		.knocks_per_address = (uint32_t)options->knocks_per_address,
		.invitations = (uint32_t)options->invitations,
		.rules = (uint32_t)options->rules,
		.nick = (uint32_t)options->nick_length,
		.room_name = (uint32_t)options->room_length,
		.topic = (uint32_t)options->topic_length,
	};
}

struct half_open_limits limits_half_open(const struct options *options)
{
	return (struct half_open_limits){
		.all = (size_t)options->strangers,
		.origin = (size_t)options->strangers_per_address,
		.rate = (uint32_t)options->connect_rate,
		.burst = (uint32_t)options->connect_burst,
		.time = options->auth_time,
	};
}
