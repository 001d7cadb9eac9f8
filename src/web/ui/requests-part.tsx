import './poster-row.css';
import { Alert, Button } from '@mantine/core';
import { useActing } from './acting.ts';
import { answerRequest, type ChildsRequest } from './device-api.ts';
import { ago } from './format.ts';
import { Poster } from './poster.tsx';

type RequestsPartProps = { requests: readonly ChildsRequest[]; onAnswered(): void; onExpired(): void };

/** What children ask for, one tap each. */
export function RequestsPart({ requests, onAnswered, onExpired }: RequestsPartProps) {
  if (requests.length === 0) return null;
  return (
    <>
      <h2 className="tb-device-part">May I see this?</h2>
      <ul className="tb-rows" aria-label="Requests">
        {requests.map((request) => (
          <RequestRow key={request.requestId} {...{ request, onAnswered, onExpired }} />
        ))}
      </ul>
    </>
  );
}

function RequestRow(props: Omit<RequestsPartProps, 'requests'> & { request: ChildsRequest }) {
  const { request, onAnswered, onExpired } = props;
  const { isActing, failure, act } = useActing(onExpired);
  const name = titleOf(request);
  const answer = (word: 'allow' | 'deny') =>
    void act((signal) => answerRequest(request.requestId, word, signal)).then(
      (isDone) => isDone && onAnswered(),
    );
  return (
    <li className="tb-card tb-poster-row">
      <div className="tb-poster">
        <Poster id={request.mediaId} title={request.title} kind={request.kind} src={request.posterUrl} />
      </div>
      <div>
        <h3>{name}</h3>
        <p className="tb-quiet">
          {request.profile.name} asked {ago(request.askedAt)}
        </p>
      </div>
      <div className="tb-actions">
        <Button size="sm" loading={isActing} aria-label={`Allow ${name}`} onClick={() => answer('allow')}>
          Allow
        </Button>
        <Button size="sm" variant="default" aria-label={`Not now ${name}`} onClick={() => answer('deny')}>
          No
        </Button>
      </div>
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
    </li>
  );
}

function titleOf({ title, year, season, episode }: ChildsRequest): string {
  const part = season === null ? '' : `, season ${season}, episode ${episode}`;
  return `${title}${year === null ? '' : ` (${year})`}${part}`;
}
