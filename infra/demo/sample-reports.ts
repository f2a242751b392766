/** What customers of a shop would write and its programs would report, for the demo: a few topics in many words. JSONL, always the same. */
export function sampleReports(): string {
  const written = topics.flatMap(({ openings, details }) =>
    openings.flatMap((opening) => details.map((detail) => ({ title: `${opening} ${detail}` }))),
  );
  const once = lonely.map((title) => ({ title }));
  const errors = Array.from({ length: 40 }, (_, index) => errorReport(index));
  return [...written, ...once, ...errors]
    .map((report, index) => JSON.stringify({ externalId: `sample-${index}`, ...report }))
    .join('\n');
}

const topics = [
  {
    openings: ['The CSV export fails', 'Exporting the CSV file fails', 'My CSV export stops half-way'],
    details: [
      'since Monday',
      'for large orders',
      'after a minute',
      'in the German shop',
      'again',
      'with error 500',
    ],
  },
  {
    openings: [
      'I cannot log in with my password',
      'Login refuses my password',
      'Password login does not work',
    ],
    details: [
      'on the phone',
      'after the reset',
      'although it is right',
      'since the update',
      'any more',
      'in Firefox',
    ],
  },
  {
    openings: ['The invoice shows a wrong sum', 'Wrong sum on my invoice', 'Invoice sum is wrong'],
    details: [
      'with a voucher',
      'for two items',
      'without tax',
      'in Swiss francs',
      'by one cent',
      'this month',
    ],
  },
  {
    openings: ['Search finds no shoes', 'The search does not find shoes', 'No shoes in the search results'],
    details: ['in size 46', 'with umlauts', 'by brand', 'on the tablet', 'since yesterday', 'of last year'],
  },
  {
    openings: [
      'The parcel tracking page stays empty',
      'Tracking of my parcel is empty',
      'Empty parcel tracking page',
    ],
    details: ['for days', 'for returns', 'from abroad', 'in the app', 'after payment', 'without a message'],
  },
  {
    openings: [
      'Checkout asks for my address twice',
      'I have to type my address twice at checkout',
      'Address asked twice at checkout',
    ],
    details: ['as a guest', 'with Apple Pay', 'on the phone', 'every time', 'for gifts', 'with a voucher'],
  },
  {
    openings: ['Photos of products load slowly', 'Product photos are slow to load', 'Slow product photos'],
    details: [
      'in the evening',
      'on mobile data',
      'in the sale',
      'on the start page',
      'for weeks',
      'in Spain',
    ],
  },
  {
    openings: ['Please add a dark mode', 'A dark mode would be nice', 'Dark mode wanted'],
    details: ['for the app', 'at night', 'like others have', 'for my eyes', 'soon', 'with a switch'],
  },
];

const lonely = [
  'Can I pay with a cheque?',
  'Your newsletter has a typo in the second line',
  'Which courier comes on Saturdays?',
  'The fonts are lovely',
  'Do you sell gift wrap by the metre?',
];

const failing = [
  {
    type: 'TypeError',
    message: (id: number) => `Cannot read properties of undefined (reading 'price') for order ${id}`,
    at: 'cart/total.ts',
  },
  {
    type: 'TimeoutError',
    message: (id: number) => `payment gateway did not answer in ${3000 + id} ms`,
    at: 'payment/charge.ts',
  },
];

/** The same two errors again and again, each time with other numbers in their messages. */
function errorReport(index: number) {
  const { type, message, at } = failing[index % failing.length] ?? {
    type: 'Error',
    message: String,
    at: 'app.ts',
  };
  const text = message(1000 + 37 * index);
  const stack = `${type}: ${text}\n    at total (/srv/shop/src/${at}:${40 + (index % 3)}:11)\n    at handle (/srv/shop/src/server.ts:88:5)`;
  return {
    title: `${type}: ${text}`,
    kind: 'error',
    service: 'shop',
    release: 'v3',
    exception: { type, message: text, stack },
  };
}
